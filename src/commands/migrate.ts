import { Flags } from '@oclif/core';
import { migrationFlags, transferConfig } from '../cli/flags.ts';
import { RunCommand } from '../cli/run-command.ts';
import { shardFlag, shardFrom } from '../cli/shard-flag.ts';
import { placeLines, statusLines, totalLine } from '../cli/ui/summary.ts';
import { formatDuration } from '../run/text/format.ts';

export default class Migrate extends RunCommand<typeof Migrate> {
  static override summary = 'Run all five stages: list, parse, resolve, transfer, link.';
  static override description =
    'Continues an earlier run of the same folder. Exit code 3: finished, but some files need your attention or another run.';
  static override examples = [
    '<%= config.bin %> migrate --folder-id FOLDER_ID',
    '<%= config.bin %> migrate --folder-id FOLDER_ID --dry-run',
    '<%= config.bin %> migrate --folder-id FOLDER_ID --concurrency 20 --naming relaxed',
    '<%= config.bin %> migrate --folder-id FOLDER_ID --shard 2/4',
    '<%= config.bin %> migrate --folder-id FOLDER_ID --bwlimit "08:00,2M 18:00,off"',
  ];
  static override flags = {
    ...migrationFlags,
    shard: {
      ...shardFlag.shard,
      description: `${shardFlag.shard.description}; needs a run that "scan" has listed and resolved`,
      exclusive: ['dry-run', 'rescan', 'naming', 'include', 'exclude', 'retry-orphans'],
    },
    'dry-run': Flags.boolean({ description: 'list, parse and resolve only; write nothing to AWS' }),
  };

  async run(): Promise<void> {
    const dryRun = this.flags['dry-run'] ?? false;
    const shard = shardFrom(this.flags.shard, this.env, text => this.say(text));
    const outcome = await this.migrateFolder({
      shard,
      folderId: this.flags['folder-id'],
      configFlags: { ...transferConfig(this.flags), naming: this.flags.naming },
      until: dryRun ? 'resolve' : 'link',
      retryOrphans: this.flags['retry-orphans'],
      rescan: this.flags.rescan,
      selection: this.flags,
      maxTransferBytes: this.flags['max-transfer'],
      skipExisting: this.flags['skip-existing'],
      keepsAwake: this.flags['keep-awake'] && !dryRun,
    });
    const { counts } = this;
    const { run, seconds, progressPath, failedPath } = outcome;
    if (counts.total === 0 && !this.shutdown.signal.aborted)
      this.say(`The folder ${run.label} has no files.`);
    this.conclude(
      outcome,
      [
        '',
        `${this.#title(dryRun)}: ${totalLine(counts)} in ${formatDuration(seconds)}`,
        ...statusLines(counts),
        '',
        'Where to look:',
        ...placeLines({
          manifests: run.folder,
          progress: progressPath,
          failed: failedPath,
          log: this.logPath,
        }),
      ],
      { dry_run: dryRun },
    );
  }

  #title(dryRun: boolean): string {
    if (this.shutdown.signal.aborted) return 'Interrupted; finished in this session';
    return dryRun ? 'Dry run, nothing was written to AWS' : 'Migrated';
  }
}
