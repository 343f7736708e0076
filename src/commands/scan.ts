import { Flags } from '@oclif/core';
import { estimate } from '../progress/estimate.ts';
import { RunCommand } from '../run-command.ts';
import { folderFlag } from '../stage-command.ts';
import { formatBytes, formatDuration } from '../ui/format.ts';
import { placeLines, statusLines, totalLine } from '../ui/summary.ts';

export default class Scan extends RunCommand<typeof Scan> {
  static override summary = 'List, parse and resolve: what a migration would do, and how long it would take.';
  static override description =
    'Writes nothing to AWS. The manifests it makes are those that migrate goes on with.';
  static override examples = [
    '<%= config.bin %> scan --folder-id FOLDER_ID',
    '<%= config.bin %> scan --folder-id FOLDER_ID --naming relaxed --bandwidth-mbit 50 --json',
  ];
  static override flags = {
    ...folderFlag,
    naming: Flags.string({ description: 'how file names are read', options: ['strict', 'relaxed'] }),
    'retry-orphans': Flags.boolean({ description: 'look again for observations that were missing' }),
    rescan: Flags.boolean({ description: 'list the folder anew' }),
    'bandwidth-mbit': Flags.integer({
      description: 'megabits a second that the slower of down- and upload allows; for the estimate',
      default: 100,
      min: 1,
    }),
  };

  async run(): Promise<void> {
    const outcome = await this.migrateFolder({
      folderId: this.flags['folder-id'],
      configFlags: { naming: this.flags.naming },
      until: 'resolve',
      retryOrphans: this.flags['retry-orphans'],
      rescan: this.flags.rescan,
    });
    const { run, config, tally } = outcome;
    if (tally.total === 0 && !this.halt.stopped) this.say(`The folder ${run.folderId} has no files.`);
    const bandwidthMbit = this.flags['bandwidth-mbit'];
    const files = tally.files('pending');
    const bytes = tally.bytesOf('pending');
    const queriesPerSecond = config.google_drive.queries_per_second;
    const { seconds, bound } = estimate({ files, bytes, bandwidthMbit, queriesPerSecond });
    const why =
      bound === 'bandwidth' ? `${bandwidthMbit} Mbit/s` : `${queriesPerSecond} queries a second to Drive`;
    this.conclude(
      outcome,
      [
        '',
        `Scanned: ${totalLine(tally)}`,
        ...statusLines(tally),
        '',
        `To migrate: ${files.toLocaleString('en-US')} files, ${formatBytes(bytes)}; about ${formatDuration(seconds)}, bound by ${why}.`,
        '',
        'Where to look:',
        ...placeLines({ manifests: run.folder, progress: outcome.progressPath, log: this.logPath }),
      ],
      { to_migrate: { files, bytes, estimated_seconds: Math.round(seconds), bound } },
    );
  }
}
