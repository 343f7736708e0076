import { setTimeout as wait } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { folderFlag } from '../cli/flags.ts';
import { shutDownOnSignals } from '../cli/interruption.ts';
import { LiveLines } from '../cli/ui/live-lines.ts';
import { fitted } from '../cli/ui/progress-lines.ts';
import {
  activityLines,
  countsText,
  pathLines,
  runJson,
  shardLines,
  statusLines,
  totalLine,
} from '../cli/ui/summary.ts';
import { progressPath } from '../config/home.ts';
import type { Run } from '../run/manifest/run.ts';
import { shardStates } from '../run/manifest/shard.ts';
import { type RunStatus, statusOf } from '../run/run-status.ts';
import { formatTime } from '../run/text/format.ts';
import { visible } from '../run/text/visible.ts';
import { wrapped } from '../run/text/wrap.ts';
import { runToShow } from '../run/which-run.ts';

/** Time between two updates on a terminal, and elsewhere; longer for large runs. */
const REDRAW_MS = 2_000;
const LINE_MS = 10_000;
/** A pause is at least this many times as long as reading the manifests took. */
const READING_SHARE = 5;

export default class Status extends BaseCommand<typeof Status> {
  static override summary = 'Show the progress of a run. Works offline.';
  static override description =
    'Without --folder-id: the most recent run. Can be used while a run is in progress. With --watch and --json: one JSON object a line, every few seconds. "runs" lists all runs.';
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --watch',
    '<%= config.bin %> status --folder-id FOLDER_ID --json',
  ];
  static override flags = {
    ...folderFlag,
    watch: Flags.boolean({ char: 'w', description: 'update the display every few seconds until Ctrl-C' }),
  };

  async run(): Promise<void> {
    const run = runToShow(this.flags['folder-id'], this.home);
    if (this.flags.watch) return this.#watch(run);
    const status = await statusOf(run, this.warnLine);
    if (this.json) this.printJson(jsonOf(run, status));
    else for (const line of this.#lines(run, status)) this.log(line);
  }

  /** Redraws the lines on a terminal; elsewhere writes one line each time. */
  async #watch(run: Run): Promise<void> {
    this.defer(shutDownOnSignals(this.shutdown, () => {}));
    const signal = this.shutdown.drainSignal;
    const { stdout } = process;
    const live = stdout.isTTY && !this.json ? new LiveLines(stdout) : null;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const status = await statusOf(run, () => {});
      const lines = this.#lines(run, status);
      if (live) live.draw(fittedTo(lines, stdout));
      else if (this.json) this.printJson(jsonOf(run, status), 0);
      else this.log(`${formatTime(new Date())} ${oneLine(run, status)}`);
      const readingMs = performance.now() - startedAt;
      const pauseMs = Math.max(live ? REDRAW_MS : LINE_MS, READING_SHARE * readingMs);
      await wait(pauseMs, null, { signal }).catch(() => {});
    }
  }

  #lines(run: Run, status: RunStatus): string[] {
    return [
      headLine(run, status),
      ...statusLines(status.counts),
      '',
      ...activityLines(status),
      ...shardLines(shardStates(run.folder)),
      '',
      ...pathLines({ manifests: run.folder, progress: progressPath(this.home, run.folderId) }),
    ];
  }
}

function headLine(run: Run, { counts, isListed }: RunStatus): string {
  return `Folder ${run.label}: ${totalLine(counts)}${isListed ? '' : ' so far; the listing is not complete'}`;
}

function oneLine(run: Run, status: RunStatus): string {
  const counts = status.counts.total > 0 ? [countsText(status.counts, ' · ')] : [];
  const activity = [...activityLines(status), ...shardLines(shardStates(run.folder))].map(line =>
    line.replace(/\.$/, ''),
  );
  return [headLine(run, status), ...counts, ...activity].join(' · ');
}

/** Wrapped and cut to the terminal; the cursor needs the last row. */
function fittedTo(lines: string[], { columns = 80, rows = 24 }: NodeJS.WriteStream): string[] {
  const folded = lines.flatMap(line => wrapped(visible(line), columns - 1));
  return folded.slice(0, rows - 1).map(line => fitted(line, columns - 1));
}

function jsonOf(run: Run, status: RunStatus) {
  const shards = shardStates(run.folder);
  return runJson(run, status, shards.length > 0 ? { shards } : {});
}
