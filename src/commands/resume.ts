import { existsSync } from 'node:fs';
import { migrationFlags } from '../cli/flags.ts';
import { RunCommand } from '../cli/run-command.ts';
import { promptsOn } from '../cli/ui/prompts.ts';
import { Run } from '../run/manifest/run.ts';
import { folderToContinue, noRun, noRunOf } from '../run/which-run.ts';

export default class Resume extends RunCommand<typeof Resume> {
  static override summary = 'Continue an interrupted run and retry failed files.';
  static override description =
    'Without --folder-id: the most recent run, or the configured folder. Uses the naming of the run unless --naming is given.';
  static override examples = [
    '<%= config.bin %> resume',
    '<%= config.bin %> resume --folder-id FOLDER_ID --retry-orphans',
  ];
  static override flags = migrationFlags;

  async run(): Promise<void> {
    const config = await this.configuration();
    const folderId = folderToContinue(this.flags['folder-id'], config, this.home);
    if (!folderId) throw noRun('to resume');
    const previous = new Run(this.home, folderId);
    if (!existsSync(previous.folder) && !(await this.#startsNew(folderId)))
      throw noRunOf(folderId, this.home);
    const naming = this.flags.naming ?? previous.facts.read().naming;
    const outcome = await this.migrateFolder({
      until: 'link',
      flags: { ...this.flags, 'folder-id': folderId, naming },
      keepsSelection: true,
    });
    this.conclude(outcome, this.headline('Resumed', outcome));
  }

  /** Without a run there is nothing to resume; a person may want to start one. */
  async #startsNew(folderId: string): Promise<boolean> {
    if (!process.stdin.isTTY || this.json) return false;
    const { confirm } = await promptsOn();
    return confirm(`There is no run of the folder ${folderId} yet. Start the migration now?`);
  }
}
