import { Flags } from '@oclif/core';
import { migrationFlags } from '../cli/flags.ts';
import { RunCommand } from '../cli/run-command.ts';
import { shardFlag, shardFrom } from '../cli/shard-flag.ts';

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
      until: dryRun ? 'resolve' : 'link',
      flags: this.flags,
      shard,
    });
    const done = dryRun ? 'Dry run, nothing was written to AWS' : 'Migrated';
    this.conclude(outcome, this.headline(done, outcome), { extra: { dry_run: dryRun } });
  }
}
