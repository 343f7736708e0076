import { BaseCommand } from '../cli/base-command.ts';
import { folderFlag } from '../cli/flags.ts';
import { placeLines, statusLines, totalLine } from '../cli/ui/summary.ts';
import { progressPath } from '../config/home.ts';
import type { ShardState } from '../run/manifest/shard-files.ts';
import { Counts } from '../run/progress/counts.ts';
import { runAtHand } from '../run/which-run.ts';

export default class Status extends BaseCommand<typeof Status> {
  static override summary = 'Show the progress of a run. Works offline.';
  static override description =
    'Without --folder-id: the most recent run. Can be used while a run is in progress.';
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --folder-id FOLDER_ID --json',
  ];
  static override flags = folderFlag;

  async run(): Promise<void> {
    const run = runAtHand(this.flags['folder-id'], this.home);
    const { folderId } = run;
    const counts = new Counts();
    for await (const record of run.latest(this.warnLine)) counts.add(record);

    const { shards } = run;
    if (this.json) {
      const { total, bytes } = counts;
      const status = {
        folder_id: folderId,
        listed: run.isListed,
        total_files: total,
        bytes,
        summary: counts.summary(),
        ...(shards.length > 0 && { shards }),
        manifests: run.folder,
      };
      this.printJson(status);
      return;
    }
    this.log(
      `Folder ${folderId}: ${totalLine(counts)}${run.isListed ? '' : ' so far; the listing is not complete'}`,
    );
    for (const line of statusLines(counts)) this.log(line);
    for (const line of shardLines(shards)) this.log(line);
    this.log('');
    for (const line of placeLines({ manifests: run.folder, progress: progressPath(this.home, folderId) }))
      this.log(line);
  }
}

function shardLines(shards: readonly ShardState[]): string[] {
  return shards.map(({ index, count, holder, lastActivity }) => {
    const state = holder
      ? `running on ${holder.host}, process ${holder.pid}, since ${holder.since}`
      : 'not running';
    return `Shard ${index}/${count}: ${state}; last activity ${lastActivity}`;
  });
}
