import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { folderFlag } from '../cli/flags.ts';
import { writeOutput } from '../cli/output.ts';
import { EXIT } from '../config/error.ts';
import {
  absentReasons,
  acceptAsDownloaded,
  acceptRelaxed,
  type ReviewItem,
  review,
} from '../results/review.ts';
import {
  countLines,
  fileJson,
  nextLines,
  REVIEW_COLUMNS,
  readingLines,
  reasonLines,
  reviewJson,
} from '../results/review-view.ts';
import type { Run } from '../run/manifest/run.ts';
import { writeProjection } from '../run/progress/projection.ts';
import { csvLines } from '../run/text/csv.ts';
import { runToShow } from '../run/which-run.ts';

export default class Review extends BaseCommand<typeof Review> {
  static override summary =
    'List the files that need your attention, with reasons, and accept suggested readings.';
  static override description =
    'Works offline. Without --folder-id: the most recent run. Exit code 0 if no file needs attention, 3 otherwise. With --accept relaxed, names that could not be read are read with relaxed naming: the readings are saved in the manifest, nothing is renamed in Drive, and "resume" continues with these files. Names that relaxed naming cannot read either remain in the list.';
  static override examples = [
    '<%= config.bin %> review',
    '<%= config.bin %> review --only name_unreadable,no_observation',
    '<%= config.bin %> review --format csv',
    '<%= config.bin %> review --accept relaxed --only name_unreadable --dry-run',
    '<%= config.bin %> review --accept relaxed',
  ];
  static override flags = {
    ...folderFlag,
    only: Flags.string({
      description:
        'show and accept only files with this error code; separate several with commas, or repeat the flag; default: all',
      helpValue: 'REASON',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    accept: Flags.option({
      description:
        'relaxed: read unreadable names with relaxed naming. as-downloaded: accept files whose bytes differ from what Drive lists. "resume" then continues with them',
      options: ['relaxed', 'as-downloaded'] as const,
    })(),
    'dry-run': Flags.boolean({
      description: 'show what would be accepted, and write nothing',
      dependsOn: ['accept'],
    }),
    format: Flags.string({
      description: 'format of the list; default: text',
      options: ['text', 'csv'],
      exclusive: ['json'],
    }),
  };

  async run(): Promise<void> {
    const run = runToShow(this.flags['folder-id'], this.home);
    const { migration, prefix_disambiguation } = await this.configuration();
    const rules = { maxRange: migration.max_range, prefixes: prefix_disambiguation.enabled };
    const writes = this.flags.accept !== undefined && !this.flags['dry-run'];
    if (writes) this.lock(run);
    const whole = await review(run.latest(this.warnLine), rules);
    const only = this.flags.only && new Set(this.flags.only.map(code => code.trim()));
    for (const warning of absentReasons(only ?? [], whole.items)) this.warnLine(warning);
    const found = whole.items.filter(({ code }) => only?.has(code) ?? true);
    const accept = () =>
      this.flags.accept === 'relaxed'
        ? acceptRelaxed(run, found, rules, this.warnLine)
        : acceptAsDownloaded(run, found, this.warnLine);
    const accepted = writes ? await accept() : [];
    if (accepted.length > 0) await writeProjection(this.home, run);
    const ids = new Set(accepted.map(({ record }) => record.id));
    const left = found.filter(({ record }) => !ids.has(record.id));
    await this.#show(run, whole.total, left, accepted);
    if (left.length > 0) process.exitCode = EXIT.unfinished;
  }

  async #show(run: Run, total: number, left: ReviewItem[], accepted: ReviewItem[]): Promise<void> {
    const accept = this.flags.accept ?? null;
    const dryRun = this.flags['dry-run'] ?? false;
    if (this.json) {
      const acceptance = accept && { dry_run: dryRun, accepted: accepted.map(fileJson) };
      const shown = { folder_id: run.folderId, ...reviewJson(total, left), ...acceptance };
      this.printJson({ ...shown, manifests: run.folder });
      return;
    }
    if (this.flags.format === 'csv') {
      await writeOutput(null, csvLines(REVIEW_COLUMNS, left), this.shutdown);
    } else {
      for (const line of readingLines(accepted)) this.log(line);
      const [count, ...reasons] = countLines(total, left);
      this.log(`Folder ${run.label}: ${count}`);
      const width = process.stdout.columns ?? Number.POSITIVE_INFINITY;
      for (const line of [...reasons, ...reasonLines(left, width)]) this.log(line);
    }
    this.say(...nextLines(left, { accept, dryRun, accepted, manifest: run.pathOf('parse') }));
  }
}
