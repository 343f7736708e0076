import { BaseCommand } from '../cli/base-command.ts';
import { outputFlags, outputOf, writeOutput } from '../cli/output.ts';
import type { Config } from '../config/settings.ts';
import { observationsWithoutMedia, withoutMediaText } from '../results/without-media.ts';
import { formatCount } from '../run/text/format.ts';
import type { Services } from '../services/services.ts';

/** The field for the data set, if the prefix rules name no other one and the model has it. */
const USUAL_DISCRIMINATOR = 'countryId';

export default class ObservationsWithoutMedia extends BaseCommand<typeof ObservationsWithoutMedia> {
  static override summary = 'List the observations in the app that have no media record.';
  static override description =
    'Reads the whole Observation and Media tables and changes nothing. Sorted by sequential id, with the discriminator field (prefix_disambiguation.discriminator_field, or countryId) if the model has one. Takes about one request per thousand records.';
  static override examples = [
    '<%= config.bin %> observations-without-media --output without_media.csv',
    '<%= config.bin %> observations-without-media --format ndjson | head -3',
    '<%= config.bin %> observations-without-media --json',
  ];
  static override flags = outputFlags;

  async run(): Promise<void> {
    const output = outputOf(this.flags, 'csv');
    const config = await this.configuration();
    const services = this.services(config);
    services.require(['data']);
    const field = await this.#discriminatorField(services, config);
    const audit = await observationsWithoutMedia(
      await services.observations(field),
      await services.mediaRecords(),
    );
    await writeOutput(output.path, withoutMediaText(audit, output.format, field), this.shutdown);
    const { total, observations } = audit;
    if (this.json && output.path !== null) {
      const counts = { total_observations: total, without_media: observations.length };
      this.printJson({ output: output.path, ...counts });
    } else if (!this.json) {
      const where = output.path === null ? '' : ` → ${output.path}`;
      const of = `${observations.length.toLocaleString('en-US')} of ${formatCount(total, 'observation')}`;
      this.say(`observations-without-media: ${of} without a media record${where}`);
    }
  }

  async #discriminatorField(services: Services, config: Config): Promise<string | null> {
    const { hasPlainField } = await import('../services/appsync/schema.ts');
    const field = config.prefix_disambiguation.discriminator_field || USUAL_DISCRIMINATOR;
    const schema = await services.schema();
    return hasPlainField(schema?.observation, field) ? field : null;
  }
}
