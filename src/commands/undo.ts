import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { folderFlag } from '../cli/flags.ts';
import { shutDownOnSignals } from '../cli/interruption.ts';
import { promptsOn } from '../cli/ui/prompts.ts';
import { ConfigError, EXIT } from '../config/error.ts';
import type { Config } from '../config/settings.ts';
import { isMade, isUndoable, type Undone, undo } from '../results/undo.ts';
import type { Run } from '../run/manifest/run.ts';
import { writeProjection } from '../run/progress/projection.ts';
import { type Rewriter, recordsOfRun, rewriterOf, usesInOtherRuns } from '../run/run-records.ts';
import { formatCount } from '../run/text/format.ts';
import { runFor } from '../run/which-run.ts';
import type { Services } from '../services/services.ts';

/** More lines would hide the other messages. */
const LEFT_NAMED = 20;

export default class Undo extends BaseCommand<typeof Undo> {
  static override summary = 'Remove the media records and S3 objects that a run created.';
  static override description =
    'Removes only what this run created. Objects and media records that existed before, were replaced since, or are used by another run on this computer are kept and listed. Drive is not touched. Can be interrupted and run again.';
  static override examples = [
    '<%= config.bin %> undo --folder-id FOLDER_ID --dry-run',
    '<%= config.bin %> undo --folder-id FOLDER_ID --yes',
  ];
  static override flags = {
    ...folderFlag,
    'dry-run': Flags.boolean({ description: 'show what would be removed, and remove nothing' }),
    yes: Flags.boolean({ description: 'do not ask for confirmation' }),
  };

  async run(): Promise<void> {
    const config = await this.configuration();
    const run = runFor(this.flags['folder-id'], config, this.home, 'to undo');
    const services = this.services(config, {
      onSignInEnded: error => this.shutdown.drain(error),
      signal: this.shutdown.killSignal,
    });
    services.require(['storage', 'data']);
    this.lock(run);
    this.defer(shutDownOnSignals(this.shutdown, text => this.say(text)));
    const rewriter = this.#isDryRun ? null : await rewriterOf(run, this.warnLine);
    try {
      await this.#undo(run, services, config, rewriter);
    } finally {
      await rewriter?.close();
      // Also after an early end, since some records and objects were removed.
      if (!this.#isDryRun) await writeProjection(this.home, run);
    }
    if (this.shutdown.reason) throw this.shutdown.reason;
  }

  get #isDryRun(): boolean {
    return this.flags['dry-run'] ?? false;
  }

  async #undo(run: Run, services: Services, config: Config, rewriter: Rewriter | null): Promise<void> {
    const linking = run.linkingFile();
    const latest = (await recordsOfRun(run, this.warnLine)).map(record => linking.mark(record));
    const records = latest.filter(isUndoable);
    const made = records.filter(isMade).length;
    if (rewriter && made > 0 && !(await this.#agreed(made, run.label))) {
      this.say('Nothing was removed.');
      return;
    }
    const uses = await usesInOtherRuns(this.home, run, new Set(records.map(({ key }) => key!)));
    const storage = await services.storage();
    const undone = await undo(records, {
      objects: storage.objects(),
      media: await services.mediaRecords(),
      uses,
      rewriter,
      concurrency: config.migration.concurrency,
      stopped: () => this.shutdown.drainSignal.aborted,
    });
    this.#report(undone);
    if (!rewriter || this.shutdown.drainSignal.aborted) return;
    for (const record of latest) linking.end(record);
    linking.close();
  }

  async #agreed(files: number, folder: string): Promise<boolean> {
    if (this.flags.yes) return true;
    if (!process.stdin.isTTY) {
      throw new ConfigError(
        'not_confirmed',
        `This would remove the objects and media records of ${formatCount(files, 'file')}, but standard input is not a terminal, so it cannot ask for confirmation.`,
        'Check what it would do with --dry-run, then add --yes.',
        { exitCode: EXIT.usage },
      );
    }
    const { confirm } = await promptsOn();
    const message = `Remove the objects and media records of ${formatCount(files, 'file')} of the folder ${folder}?`;
    return confirm(message);
  }

  #report({ media, objects, left }: Undone): void {
    const dryRun = this.#isDryRun;
    if (this.json) {
      this.printJson({ dry_run: dryRun, media, objects, left });
    } else {
      for (const { name, why } of left.slice(0, LEFT_NAMED)) this.say(`Kept: ${name}: ${why}.`);
      if (left.length > LEFT_NAMED)
        this.say(`Kept: ${formatCount(left.length - LEFT_NAMED, 'more file')}; --json lists all of them.`);
      const what = `${formatCount(media, 'media record')} and ${formatCount(objects, 'object')}`;
      this.say(dryRun ? `Would remove ${what}.` : `Removed ${what}.`);
    }
    if (left.length > 0) process.exitCode = EXIT.unfinished;
  }
}
