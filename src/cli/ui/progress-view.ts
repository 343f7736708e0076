/** Progress on standard error: on a terminal lines that are redrawn, elsewhere a plain line with the time every ten seconds. */
import type { RunEvents } from '../../run/events.ts';
import type { ProgressFacts, Transfer } from '../../run/progress/progress-facts.ts';
import { RunProgress, type TransferLimits } from '../../run/progress/run-progress.ts';
import { formatTime } from '../../run/text/format.ts';
import { asLines } from './guarded-streams.ts';
import { LiveLines, type Screen } from './live-lines.ts';
import { progressLine, progressLines } from './progress-lines.ts';

const DRAW_EVERY_MS = 200;
/** Lines of progress where there is no terminal. */
const FIRST_LINE_MS = 2_000;
const LINE_EVERY_MS = 10_000;
/** The size of terminals that do not report theirs. */
const USUAL = { columns: 80, rows: 24 };

export class ProgressView {
  readonly #screen: Screen;
  readonly #live: LiveLines | null;
  readonly #progress: RunProgress;
  /** A file keeps its line while it is transferred. */
  #slots: (Transfer | null)[] = [];
  #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(options: {
    events: RunEvents;
    /** Null where no files are transferred. */
    transfer: TransferLimits | null;
    screen?: Screen;
    now?: () => number;
    env?: NodeJS.ProcessEnv;
  }) {
    const { events, transfer, screen = process.stderr, now = () => performance.now() } = options;
    const { env = process.env } = options;
    this.#screen = screen;
    this.#progress = new RunProgress(events, transfer, now);
    this.#live = screen.isTTY && env.TERM !== 'dumb' && !env.CI ? new LiveLines(screen) : null;
    this.#timer = this.#showAfter(this.#live ? DRAW_EVERY_MS : FIRST_LINE_MS);
    if (this.#live) screen.on?.('resize', this.draw);
  }

  facts(): ProgressFacts {
    return this.#progress.facts();
  }

  /** Writes lines above the progress, which stay. */
  say(...lines: string[]): void {
    if (this.#live && !this.#isStopped) this.#live.draw(this.#lines(), lines);
    else this.#screen.write(asLines(lines, this.#screen));
  }

  /** Removes the progress from the screen. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#screen.off?.('resize', this.draw);
    if (!this.#isStopped) this.#live?.clear();
    this.#isStopped = true;
  }

  readonly draw = (): void => this.#live?.draw(this.#lines());

  #showAfter(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      if (this.#live) this.draw();
      else this.#screen.write(`${formatTime(new Date())} ${progressLine(this.#progress.facts())}\n`);
      this.#timer = this.#showAfter(this.#live ? DRAW_EVERY_MS : LINE_EVERY_MS);
    }, ms);
    return timer.unref();
  }

  #lines(): string[] {
    const { columns = USUAL.columns, rows = USUAL.rows } = this.#screen;
    const [first] = this.#progress.linking;
    const link = first ? { files: this.#progress.linking.size, example: first.name } : null;
    // Some terminals wrap when the last column is filled. The cursor needs the last row.
    const room = { columns: columns - 1, rows: rows - 1 };
    return progressLines(this.#progress.facts(), this.#placed(), link, room);
  }

  /** New files get the free lines. */
  #placed(): (Transfer | null)[] {
    const { transfers, workers } = this.#progress;
    const added = new Set(transfers.values());
    this.#slots = this.#slots.map(transfer => (transfer && added.delete(transfer) ? transfer : null));
    for (const transfer of added) {
      const free = this.#slots.indexOf(null);
      this.#slots[free < 0 ? this.#slots.length : free] = transfer;
    }
    while (this.#slots.length > workers && this.#slots.at(-1) === null) this.#slots.pop();
    return this.#slots.some(Boolean) ? this.#slots : [];
  }
}
