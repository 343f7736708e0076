import { BaseCommand } from '../cli/base-command.ts';
import { describeConfig, renderDescription } from '../config/describe.ts';
import { loadConfig } from '../config/load.ts';

export default class Show extends BaseCommand<typeof Show> {
  static override summary =
    'Show the effective configuration and the source of each value. Secrets are hidden.';
  static override examples = ['<%= config.bin %> show', '<%= config.bin %> show --json'];

  async run(): Promise<void> {
    const description = await describeConfig(await loadConfig({ home: this.home, env: this.env }));
    for (const warning of description.warnings) this.warnLine(warning);
    if (this.json) {
      this.printJson(description);
    } else {
      this.say(description.path);
      for (const line of renderDescription(description, process.stdout.columns)) this.log(line);
    }
  }
}
