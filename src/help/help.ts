import { CommandHelp, Help } from '@oclif/core/help';
import { overview } from './overview.ts';
import { unknownCommand } from './unknown-command.ts';

class OneCommandHelp extends CommandHelp {
  /** The summary stands at the top already. */
  protected override description(): string | undefined {
    const { summary, description } = this.command;
    return summary ? description && this.wrap(description) : super.description();
  }
}

export default class WorkflowHelp extends Help {
  protected override CommandHelpClass = OneCommandHelp;

  override async showRootHelp(): Promise<void> {
    const { description = '' } = this.config.pjson;
    process.stdout.write(overview(this.config, { description, columns: this.opts.maxWidth ?? 80 }));
  }

  override async showHelp(argv: string[]): Promise<void> {
    try {
      await super.showHelp(argv);
    } catch (error) {
      if (!/^Command .* not found/s.test((error as Error).message)) throw error;
      throw unknownCommand(
        argv.filter(arg => !arg.startsWith('-')),
        this.config,
      );
    }
  }
}
