import { Flags } from '@oclif/core';
import { STATUSES } from '../../stages/record.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { folderFlag } from '../cli/flags.ts';
import { outputFlags, outputOf, writeOutput } from '../cli/output.ts';
import { countsText } from '../cli/ui/summary.ts';
import { exportOf } from '../results/export.ts';
import { formatCount } from '../run/text/format.ts';
import { runToShow } from '../run/which-run.ts';

export default class Export extends BaseCommand<typeof Export> {
  static override summary = "Write a list of a run's files as JSON, NDJSON or CSV. Works offline.";
  static override description =
    'Without --folder-id: the most recent run. JSON has the form of progress_{folder_id}.json, NDJSON has the records of the manifests, CSV opens in a spreadsheet; text that a spreadsheet would take for a formula, a date or a number starts with an apostrophe. Can be used while a run is in progress.';
  static override examples = [
    '<%= config.bin %> export --status needs_review --output review_files.json',
    '<%= config.bin %> export --status orphan,partial --output missing.csv',
    '<%= config.bin %> export --status failed --format ndjson | head -3',
  ];
  static override flags = {
    ...folderFlag,
    status: Flags.option({
      options: STATUSES,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description:
        'only files with this status; separate several with commas, or repeat the flag; default: all',
    })(),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const output = outputOf(this.flags, 'json');
    const run = runToShow(this.flags['folder-id'], this.home);
    const statuses = new Set(this.flags.status ?? STATUSES);
    const { text, counts } = exportOf(run, output.format, statuses, this.warnLine);
    await writeOutput(output.path, text, this.shutdown);
    if (this.json && output.path !== null) {
      const totals = { total_files: counts.total, summary: counts.summary() };
      const written = { folder_id: run.folderId, output: output.path, ...totals };
      this.printJson(written);
    } else if (!this.json) {
      const where = output.path === null ? '' : ` → ${output.path}`;
      const list = counts.total > 0 ? `: ${countsText(counts)}` : '';
      this.say(`export: ${formatCount(counts.total, 'file')}${list}${where}`);
    }
  }
}
