import { BaseCommand } from '../cli/base-command.ts';
import { activityLines, countsText, runJson, totalLine } from '../cli/ui/summary.ts';
import type { Run } from '../run/manifest/run.ts';
import { type RunStatus, statusOf } from '../run/run-status.ts';
import { runsOf } from '../run/which-run.ts';

export default class Runs extends BaseCommand<typeof Runs> {
  static override summary = 'List all runs with their counts and last activity. Works offline.';
  static override description = 'The most recent run comes first. "status" shows one run in detail.';
  static override examples = ['<%= config.bin %> runs', '<%= config.bin %> runs --json'];

  async run(): Promise<void> {
    const runs: { run: Run; status: RunStatus }[] = [];
    for (const run of runsOf(this.home)) runs.push({ run, status: await statusOf(run, this.warnLine) });
    runs.sort((a, b) => Number(b.status.lastActivity) - Number(a.status.lastActivity));
    if (this.json) {
      this.printJson({ runs: runs.map(({ run, status }) => runJson(run, status)) });
    } else if (runs.length === 0) {
      this.log('There are no runs yet. Start one with "migrator scan --folder-id FOLDER_ID".');
    } else {
      for (const { run, status } of runs) for (const line of runLines(run, status)) this.log(line);
    }
  }
}

function runLines(run: Run, status: RunStatus): string[] {
  const { counts, isListed } = status;
  const byStatus = counts.total > 0 ? `: ${countsText(counts)}` : '';
  return [
    run.label,
    `  ${totalLine(counts)}${isListed ? '' : ' so far'}${byStatus}`,
    ...activityLines(status).map(line => `  ${line}`),
  ];
}
