/**
 * What a person sees while files move, on standard error: on a terminal a bar that is drawn anew, elsewhere a plain
 * line now and then.
 */
import type { FileRecord } from '../../stages/record.ts';
import type { TransferWatcher } from '../../stages/transfer.ts';
import { Tally } from '../progress/tally.ts';
import { formatBytes, formatCount, formatDuration } from './format.ts';
import { Pace } from './pace.ts';

const DRAW_EVERY_MS = 200;
/** Without a terminal: soon a first sign of life, then a line now and then. */
const FIRST_LINE_MS = 2_000;
const LINE_EVERY_MS = 10_000;
const BAR_WIDTH = 24;

/** Standard error, or what a test puts in its place. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

interface Redraw {
  (text: string): void;
  done(): void;
  /** Leaves a line above what is drawn. */
  persist(text: string): void;
}

export class ProgressView implements TransferWatcher {
  readonly #screen: Screen;
  readonly #redraw: Redraw | null;
  readonly #now: () => number;
  readonly #done = new Tally();
  readonly #moving = new Map<string, number>();
  readonly #bytesPace = new Pace();
  readonly #filesPace = new Pace();
  #timer: NodeJS.Timeout;
  #files = 0;
  /** Bytes that this run moves; what earlier runs moved is not part of its rate. */
  #bytesMoved = 0;
  #bytesToMove = 0;
  #allListed = false;

  private constructor(screen: Screen, redraw: Redraw | null, now: () => number) {
    this.#screen = screen;
    this.#redraw = redraw;
    this.#now = now;
    this.#timer = this.#showAfter(redraw ? DRAW_EVERY_MS : FIRST_LINE_MS);
  }

  static async start(
    screen: Screen = process.stderr,
    now: () => number = () => performance.now(),
  ): Promise<ProgressView> {
    const animated = Boolean(screen.isTTY) && process.env.TERM !== 'dumb' && !process.env.CI;
    if (!animated) return new ProgressView(screen, null, now);
    const { createLogUpdate } = await import('log-update');
    return new ProgressView(screen, createLogUpdate(screen as NodeJS.WriteStream), now);
  }

  /** A file has been listed. */
  listed(record: FileRecord): void {
    this.#files += 1;
    this.#bytesToMove += record.size ?? 0;
  }

  /** A file has been resolved: what does not go on to the transfer is not waited for. */
  planned(record: FileRecord): void {
    if (record.status !== 'pending') this.#bytesToMove -= record.size ?? 0;
  }

  /** The listing is over: totals are totals now. */
  allListed(): void {
    this.#allListed = true;
  }

  started(record: FileRecord): void {
    this.#moving.set(record.id, 0);
  }

  moved(record: FileRecord, bytes: number): void {
    this.#moving.set(record.id, (this.#moving.get(record.id) ?? 0) + bytes);
    this.#bytesMoved += bytes;
  }

  restarted(record: FileRecord): void {
    this.#bytesMoved -= this.#moving.get(record.id) ?? 0;
    this.#moving.set(record.id, 0);
  }

  ended(record: FileRecord): void {
    this.#moving.delete(record.id);
  }

  /** A record has come out of the last stage. */
  finished(record: FileRecord): void {
    this.#done.add(record);
  }

  /** A line that stays, above the bar. */
  say(text: string): void {
    if (this.#redraw) this.#redraw.persist(text);
    else this.#screen.write(`${text}\n`);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (!this.#redraw) return;
    this.#show();
    this.#redraw.done();
  }

  #showAfter(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#show();
      this.#timer = this.#showAfter(this.#redraw ? DRAW_EVERY_MS : LINE_EVERY_MS);
    }, ms);
    return timer.unref();
  }

  #show(): void {
    const at = this.#now();
    this.#bytesPace.note(at, this.#bytesMoved);
    this.#filesPace.note(at, this.#done.total);
    if (this.#redraw) this.#redraw(`${this.#bar()}${this.#numbers()}`);
    else this.#screen.write(`${this.#numbers()}\n`);
  }

  #bar(): string {
    const width = Math.min(BAR_WIDTH, (this.#screen.columns ?? 80) - 60);
    if (width < 8) return '';
    const share =
      this.#bytesToMove > 0
        ? this.#bytesMoved / this.#bytesToMove
        : this.#done.total / Math.max(1, this.#files);
    const filled = Math.round(Math.min(1, share) * width);
    return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} `;
  }

  #numbers(): string {
    const total = this.#allListed ? '' : '+';
    const files = `${this.#done.total.toLocaleString('en-US')}/${formatCount(this.#files, 'file').replace(' ', `${total} `)}`;
    const parts = [files, `${formatBytes(this.#bytesMoved)}/${formatBytes(this.#bytesToMove)}`];
    const rate = this.#bytesPace.perSecond();
    if (rate !== null) parts.push(`${formatBytes(rate)}/s`);
    const left = this.#secondsLeft();
    if (left !== null && this.#allListed) parts.push(`${formatDuration(left)} left`);
    const bad = this.#done.files('failed') + this.#done.files('needs_review');
    if (bad > 0) parts.push(`${bad} need attention`);
    return parts.join(' · ');
  }

  /** Bytes bound a migration of videos, queries one of small photos: the slower of the two tells. */
  #secondsLeft(): number | null {
    const bytesPerSecond = this.#bytesPace.perSecond();
    const filesPerSecond = this.#filesPace.perSecond();
    if (!bytesPerSecond || !filesPerSecond) return null;
    const byBytes = Math.max(0, this.#bytesToMove - this.#bytesMoved) / bytesPerSecond;
    const byFiles = Math.max(0, this.#files - this.#done.total) / filesPerSecond;
    return Math.max(byBytes, byFiles);
  }
}
