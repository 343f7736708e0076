import { existsSync } from 'node:fs';
import { migrationFlags, transferConfig } from '../cli/flags.ts';
import { RunCommand } from '../cli/run-command.ts';
import { placeLines, statusLines, totalLine } from '../cli/ui/summary.ts';
import { noRun, Run } from '../run/manifest/run.ts';
import { formatDuration } from '../run/text/format.ts';
import { folderAtHand } from '../run/which-run.ts';

export default class Resume extends RunCommand<typeof Resume> {
  static override summary = 'Go on with a run that was interrupted, and try failed files again.';
  static override description =
    'Without --folder-id: the run that was worked on last, or the configured folder. Names are read as the run was told to read them, unless --naming says otherwise.';
  static override examples = [
    '<%= config.bin %> resume',
    '<%= config.bin %> resume --folder-id FOLDER_ID --retry-orphans',
  ];
  static override flags = migrationFlags;

  async run(): Promise<void> {
    const config = await this.configuration();
    const folderId = folderAtHand(this.flags['folder-id'], config, this.home);
    if (!folderId) throw noRun('to go on with');
    const begun = new Run(this.home, folderId);
    if (!existsSync(begun.folder)) throw noRun(`of the folder ${folderId}`);
    const outcome = await this.migrateFolder({
      folderId,
      configFlags: {
        ...transferConfig(this.flags),
        naming: this.flags.naming ?? begun.naming ?? undefined,
      },
      until: 'link',
      retryOrphans: this.flags['retry-orphans'],
      rescan: this.flags.rescan,
      selection: this.flags,
      maxTransferBytes: this.flags['max-transfer'],
      keepsSelection: true,
      skipExisting: this.flags['skip-existing'],
      keepsAwake: this.flags['keep-awake'],
    });
    const { counts } = this;
    const { run, seconds, progressPath, failedPath } = outcome;
    this.conclude(outcome, [
      '',
      `${this.shutdown.signal.aborted ? 'Stopped early; came to its end in this run' : 'Resumed'}: ${totalLine(counts)} in ${formatDuration(seconds)}`,
      ...statusLines(counts),
      '',
      'Where to look:',
      ...placeLines({ manifests: run.folder, progress: progressPath, failed: failedPath, log: this.logPath }),
    ]);
  }
}
