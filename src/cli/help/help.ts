import { CommandHelp, Help } from '@oclif/core/help';
import { unguarded } from '../ui/guarded-streams.ts';
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

  /** Only the program's own text, with escape sequences for bold. */
  protected override log(...args: string[]): void {
    unguarded(process.stdout).write(`${args.join(' ')}\n`);
  }

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
