import { Flags } from '@oclif/core';
import { BaseCommand, EXIT } from '../command.ts';
import { ConfigError } from '../config/error.ts';
import { haltOnSignals } from '../interruption.ts';
import { noRun, Run } from '../manifest/run.ts';
import { Neighbours } from '../neighbours.ts';
import { writeProjection } from '../progress/projection.ts';
import { recordsOf, rewriterOf } from '../run-records.ts';
import { folderAtHand, folderFlag } from '../stage-command.ts';
import { formatCount } from '../ui/format.ts';
import { isUndoable, type Undone, undo } from '../undo.ts';

export default class Undo extends BaseCommand<typeof Undo> {
  static override summary = 'Take back what a run created: its media records and its objects in S3.';
  static override description =
    'Removes nothing else: no object that was replaced since or that something else put there, no media record of another tool. Drive is not touched. Can be interrupted and run again.';
  static override examples = [
    '<%= config.bin %> undo --folder-id FOLDER_ID --dry-run',
    '<%= config.bin %> undo --folder-id FOLDER_ID --yes',
  ];
  static override flags = {
    ...folderFlag,
    'dry-run': Flags.boolean({ description: 'say what would be removed, and remove nothing' }),
    yes: Flags.boolean({ description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const config = await this.configuration();
    const folderId = folderAtHand(this.flags['folder-id'], config, this.home);
    if (!folderId) throw noRun('to undo');
    const run = new Run(this.home, folderId);
    if (!run.exists) throw noRun(`of the folder ${folderId}`);
    const neighbours = new Neighbours({ config, env: this.env, warn: this.warnLine });
    neighbours.require(['storage', 'data']);
    const dryRun = this.flags['dry-run'] ?? false;
    run.lock(`migrator ${this.id}`);
    const release = haltOnSignals(this.halt, text => this.say(text));
    const rewriter = await rewriterOf(run, this.warnLine);
    try {
      const records = (await recordsOf(run, this.warnLine)).filter(isUndoable);
      if (!dryRun && records.length > 0 && !(await this.#agreed(records.length, folderId))) return;
      const storage = await neighbours.storage();
      const undone = await undo(records, {
        objects: storage.objects(),
        media: await neighbours.mediaRecords(),
        dryRun,
        concurrency: config.migration.concurrency,
        stopped: () => this.halt.stopped,
        keep: record => rewriter.write(record),
      });
      await rewriter.flush();
      if (!dryRun) await writeProjection(this.home, run);
      this.#report(undone, dryRun);
    } finally {
      await rewriter.close();
      release();
      run.unlock();
      await neighbours.close();
    }
    if (this.halt.reason) throw this.halt.reason;
  }

  async #agreed(files: number, folderId: string): Promise<boolean> {
    if (this.flags.yes) return true;
    if (!process.stdin.isTTY) {
      throw new ConfigError(
        'not_confirmed',
        `This would remove the objects and media records of ${formatCount(files, 'file')}, and nobody can be asked: standard input is not a terminal.`,
        'Look at what it would do with --dry-run, then give --yes.',
        { exitCode: EXIT.usage },
      );
    }
    const { confirm } = await import('@inquirer/prompts');
    const message = `Remove the objects and media records of ${formatCount(files, 'file')} of the folder ${folderId}?`;
    return confirm({ message, default: false }, { output: process.stderr });
  }

  #report({ media, objects, left }: Undone, dryRun: boolean): void {
    if (this.json) {
      process.stdout.write(`${JSON.stringify({ dry_run: dryRun, media, objects, left }, null, 2)}\n`);
    } else {
      for (const { name, why } of left) this.say(`Left alone: ${name}: ${why}.`);
      const what = `${formatCount(media, 'media record')} and ${formatCount(objects, 'object')}`;
      this.say(dryRun ? `Would remove ${what}.` : `Removed ${what}.`);
    }
    if (left.length > 0) process.exitCode = EXIT.unfinished;
  }
}
