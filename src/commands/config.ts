import { Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { configPrompts } from '../cli/ui/prompts.ts';
import { type AmplifyValues, readAmplifyOutputs } from '../config/amplify-outputs.ts';
import { describeConfig } from '../config/describe.ts';
import { type Answers, askBucketOf, interview } from '../config/interview.ts';
import { loadConfig, loadUsable } from '../config/load.ts';
import { type ConfigValues, SETTINGS } from '../config/settings.ts';
import { type Change, writeConfig } from '../config/write.ts';

/** A number if the text is one; the schema reports anything else. */
const numberOrText = Flags.custom<number | string>({
  parse: async text => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text),
});

/** Headings of `config --help`, by the beginning of the keys. */
const GROUPS: readonly (readonly [string, string])[] = [
  ['google_drive.', 'GOOGLE DRIVE'],
  ['aws.amplify.models.', 'DATA MODEL'],
  ['aws.', 'AWS'],
  ['', 'MIGRATION'],
];

function flagForEachSetting() {
  const flags: Interfaces.FlagInput = {};
  for (const { flag, key, summary, limits, default: initial } of SETTINGS) {
    const details = [limits, initial === '' ? null : `default: ${initial}`].filter(Boolean).join('; ');
    const description = `${summary}${details && ` (${details})`}`;
    const helpGroup = GROUPS.find(([prefix]) => key.startsWith(prefix))![1];
    if (typeof initial === 'boolean') flags[flag] = Flags.boolean({ description, helpGroup, allowNo: true });
    else if (typeof initial === 'number') flags[flag] = numberOrText({ description, helpGroup });
    else flags[flag] = Flags.string({ description, helpGroup });
  }
  return flags;
}

export default class Config extends BaseCommand<typeof Config> {
  static override summary = 'Set up config.json: by questions, by flags, or from an Amplify project.';
  static override description = 'Without flags, on a terminal, it asks for each required value.';
  static override usage = 'config [FLAGS]';
  static override examples = [
    '<%= config.bin %> config',
    '<%= config.bin %> config --from amplify_outputs.json --username admin@example.com',
    '<%= config.bin %> config --folder-id 1AbCdEfGhIjKlMnOpQrStUvWxYz012345',
    '<%= config.bin %> config --concurrency 20 --no-default-media-public --json',
  ];
  static override flags = {
    ...flagForEachSetting(),
    from: Flags.string({
      description: 'amplify_outputs.json of an Amplify Gen 2 project',
      helpValue: 'FILE',
    }),
    'bucket-name': Flags.string({
      description: 'which bucket of the --from file, if it has several',
      dependsOn: ['from'],
    }),
  };

  async run(): Promise<void> {
    const given = this.flags as Record<string, unknown>;
    const values: ConfigValues = {};
    for (const { key, flag } of SETTINGS) if (given[flag] !== undefined) values[key] = given[flag];
    const { from, 'bucket-name': bucketName } = given as { from?: string; 'bucket-name'?: string };
    const asks = process.stdin.isTTY && !this.json;
    if (!from && Object.keys(values).length === 0 && !asks) {
      const names = SETTINGS.map(({ flag }) => `--${flag}`).join(' ');
      this.error(
        `Nothing to set. Run it on a terminal to be asked, or use --from amplify_outputs.json or at least one of: ${names}`,
        { exit: 2 },
      );
    }

    const answered: Answers | null = from
      ? await this.#fromAmplify(from, bucketName, values, asks)
      : Object.keys(values).length === 0
        ? await this.#interview()
        : null;
    const written = await writeConfig(this.home, { ...answered?.values, ...values }, answered?.prefixRules);
    const description = await describeConfig(await loadConfig({ home: this.home, env: this.env }));

    const warnings = [...(answered?.warnings ?? []), ...written.warnings, ...description.warnings];
    for (const warning of warnings) this.warnLine(warning);
    for (const change of written.changes) this.say(line(change));
    this.say(written.changes.length > 0 ? `Written: ${written.path}` : `No change: ${written.path}`);
    if (this.json) {
      const { path, changes } = written;
      this.printJson({ path, changes, config: description.config, warnings });
    } else if (asks) {
      this.say('Next: "migrator login google", "migrator login aws", then "migrator doctor".');
    }
  }

  async #interview(): Promise<Answers> {
    const { config } = await loadConfig({ home: this.home, env: {} });
    try {
      return await interview(configPrompts(this.say), config);
    } catch (error) {
      if ((error as Error).name === 'ExitPromptError') this.say('Cancelled. Nothing was changed.');
      throw error;
    }
  }

  async #fromAmplify(
    path: string,
    bucketName: string | undefined,
    values: ConfigValues,
    asks: boolean,
  ): Promise<AmplifyValues> {
    const { loaded } = await loadUsable({ home: this.home, env: {}, flags: values });
    return readAmplifyOutputs(path, {
      bucketName,
      knownBucket: values['aws.amplify.storage_bucket'] as string | undefined,
      models: loaded.config.aws.amplify.models,
      ...(asks && { askBucket: askBucketOf(configPrompts(this.say)) }),
    });
  }
}

function line({ key, from, to }: Change): string {
  const shown = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return from === null ? `${key}: ${shown(to)}` : `${key}: ${shown(from)} → ${shown(to)}`;
}
