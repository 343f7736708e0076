/**
 * What a person sees while files move, on standard error: on a terminal a picture that is drawn anew, elsewhere a plain
 * line now and then.
 */
import type { FileRecord } from '../../../stages/record.ts';
import type { RunEvents } from '../../run/events.ts';
import { Counts } from '../../run/progress/counts.ts';
import { type Move, Moves } from '../../run/progress/moves.ts';
import { TimeLeft } from '../../run/progress/time-left.ts';
import { asLines, unguarded } from './guarded-streams.ts';
import { Pace } from './pace.ts';
import { type ProgressFacts, progressLine, progressLines } from './progress-lines.ts';
import { widthOf } from './width.ts';

const DRAW_EVERY_MS = 200;
/** Without a terminal: soon a first sign of life, then a line now and then. */
const FIRST_LINE_MS = 2_000;
const LINE_EVERY_MS = 10_000;
/** A pause between two bytes is worth a word from here on. */
const SILENCE_MS = 10_000;
/** Of a terminal that does not say how large it is. */
const USUAL = { columns: 80, rows: 24 };

/** Standard error, or what a test puts in its place. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export interface ViewOptions {
  /** What is seen of files on their way; null where none are moved. */
  transfer: {
    /** Files at a time, at most. */
    concurrency: number;
    /** Queries a second to Drive: what is allowed at the moment, and at most. */
    queriesPerSecond: () => number;
    mostQueriesPerSecond: number;
  } | null;
  screen?: Screen;
  /** Gives ms. */
  now?: () => number;
  env?: Record<string, string | undefined>;
}

interface Redraw {
  (text: string): void;
  /** Forgets what is drawn. */
  done(): void;
  clear(): void;
}

export class ProgressView {
  readonly #options: ViewOptions;
  readonly #screen: Screen;
  readonly #redraw: Redraw | null;
  readonly #now: () => number;
  readonly #done = new Counts();
  readonly #moves: Moves;
  readonly #timeLeft: TimeLeft;
  readonly #bytesPace = new Pace();
  readonly #filesPace = new Pace();
  readonly #linking = new Set<FileRecord>();
  /** A file keeps its line as long as it is on its way. */
  #slots: (Move | null)[] = [];
  #drawn: { lines: string[]; columns: number } = { lines: [], columns: 0 };
  #timer: NodeJS.Timeout;
  #isStopped = false;
  #listed = 0;
  #allListed = false;

  private constructor(options: ViewOptions, redraw: Redraw | null) {
    this.#options = options;
    this.#screen = options.screen ?? process.stderr;
    this.#redraw = redraw;
    this.#now = options.now ?? (() => performance.now());
    this.#moves = new Moves({ workers: options.transfer?.concurrency ?? 1, now: this.#now });
    this.#timeLeft = new TimeLeft(this.#moves, options.transfer?.queriesPerSecond ?? (() => Infinity));
    this.#timer = this.#showAfter(redraw ? DRAW_EVERY_MS : FIRST_LINE_MS);
    if (redraw) this.#screen.on?.('resize', this.#resized);
  }

  static async start(options: ViewOptions): Promise<ProgressView> {
    const { screen = process.stderr, env = process.env } = options;
    const animated = Boolean(screen.isTTY) && env.TERM !== 'dumb' && !env.CI;
    if (!animated) return new ProgressView(options, null);
    const { createLogUpdate } = await import('log-update');
    return new ProgressView(options, createLogUpdate(unguarded(screen) as NodeJS.WriteStream));
  }

  follow(events: RunEvents): void {
    events
      .on('listed', (record, isTransferred) => this.listed(record, isTransferred))
      .on('allListed', () => this.allListed())
      .on('planned', record => this.planned(record))
      .on('transferStarted', record => this.started(record))
      .on('bytesRead', (record, bytes) => this.moved(record, bytes))
      .on('transferRetried', record => this.restarted(record))
      .on('transferEnded', record => this.ended(record))
      .on('workersChanged', workers => this.workersAllowed(workers))
      .on('linkStarted', records => this.linking(records))
      .on('linkEnded', records => this.linked(records))
      .on('finished', record => this.finished(record));
  }

  /** A file has been listed. `isMoved`: an earlier run has moved its bytes. */
  listed(record: FileRecord, isMoved = false): void {
    this.#listed += 1;
    this.#moves.workload.listed(isMoved ? null : (record.size ?? 0));
  }

  /** A file has been resolved: what does not go on to the transfer is not waited for. */
  planned(record: FileRecord): void {
    const goesOn = record.status === 'pending' && !record.url;
    this.#moves.workload.planned(record.id, goesOn ? (record.size ?? 0) : null);
  }

  /** The listing is over: totals are totals now. */
  allListed(): void {
    this.#allListed = true;
  }

  started(record: FileRecord): void {
    this.#moves.started(record);
  }

  moved(record: FileRecord, bytes: number): void {
    this.#moves.moved(record, bytes);
  }

  restarted(record: FileRecord): void {
    this.#moves.restarted(record);
  }

  ended(record: FileRecord): void {
    this.#moves.ended(record);
  }

  workersAllowed(count: number): void {
    this.#moves.workersAllowed(count);
  }

  linking(records: readonly FileRecord[]): void {
    for (const record of records) this.#linking.add(record);
  }

  linked(records: readonly FileRecord[]): void {
    for (const record of records) this.#linking.delete(record);
  }

  /** A record has come out of the last stage. */
  finished(record: FileRecord): void {
    this.#done.add(record);
    this.#moves.workload.begun(record.id);
  }

  /** Lines that stay, above what is drawn. */
  say(...lines: string[]): void {
    const isDrawn = this.#redraw !== null && !this.#isStopped;
    if (isDrawn) this.#erase();
    this.#screen.write(asLines(lines));
    if (isDrawn) this.#draw();
  }

  /** Leaves the screen to what comes after. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#screen.off?.('resize', this.#resized);
    if (this.#redraw && !this.#isStopped) this.#erase();
    this.#isStopped = true;
  }

  #showAfter(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      if (this.#redraw) this.#draw();
      else this.#screen.write(`${progressLine(this.#facts())}\n`);
      this.#timer = this.#showAfter(this.#redraw ? DRAW_EVERY_MS : LINE_EVERY_MS);
    }, ms);
    return timer.unref();
  }

  readonly #resized = (): void => {
    this.#erase();
    this.#draw();
  };

  #draw(): void {
    const { columns = USUAL.columns, rows = USUAL.rows } = this.#screen;
    if (columns !== this.#drawn.columns) this.#erase();
    const link = this.#linking.size > 0 ? { files: this.#linking.size, example: this.#example() } : null;
    // The last column stays free: some terminals go on to the next line when it is filled. So does the last row.
    const room = { columns: columns - 1, rows: rows - 1 };
    const lines = progressLines(this.#facts(), this.#placed(), link, room);
    this.#redraw?.(lines.join('\n'));
    this.#drawn = { lines, columns };
  }

  /**
   * When a terminal becomes narrower it folds the lines that are there; they take more rows than were drawn, and all
   * of them have to go.
   */
  #erase(): void {
    const { columns = USUAL.columns } = this.#screen;
    const { lines, columns: before } = this.#drawn;
    if (lines.length === 0) return;
    if (columns === before) {
      this.#redraw?.clear();
    } else {
      const rowsTaken = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
      unguarded(this.#screen).write(`\u001b[${rowsTaken}F\u001b[J`);
    }
    this.#redraw?.done();
    this.#drawn = { lines: [], columns };
  }

  #example(): string {
    for (const { name } of this.#linking) return name;
    return '';
  }

  /** Each file on its way in a line of its own: new ones take those that have become free. */
  #placed(): (Move | null)[] {
    const moving = new Set(this.#moves.all);
    this.#slots = this.#slots.map(move => (move && moving.delete(move) ? move : null));
    for (const move of moving) {
      const free = this.#slots.indexOf(null);
      if (free < 0) this.#slots.push(move);
      else this.#slots[free] = move;
    }
    while (this.#slots.length > this.#moves.workers && this.#slots.at(-1) === null) this.#slots.pop();
    return this.#slots.some(Boolean) ? this.#slots : [];
  }

  #facts(): ProgressFacts {
    const { transfer } = this.#options;
    const moves = this.#moves;
    const at = this.#now();
    const silentMs = moves.silentMs(at);
    this.#bytesPace.note(at, moves.bytesMoved);
    this.#filesPace.note(at, this.#done.total);
    const allowed = transfer?.queriesPerSecond() ?? 0;
    const most = transfer?.mostQueriesPerSecond ?? 0;
    const toMove = moves.bytesToMove;
    return {
      filesDone: this.#done.total,
      files: this.#listed,
      isTotal: this.#allListed,
      bytes: transfer && { moved: moves.bytesMoved, toMove, perSecond: this.#bytesPace.perSecond() },
      secondsLeft:
        toMove > 0 || moves.workload.count > 0 ? this.#timeLeft.seconds(at) : this.#secondsByFiles(),
      silentSeconds: silentMs >= SILENCE_MS ? silentMs / 1000 : 0,
      workers: transfer && { busy: moves.busyWorkers, allowed: moves.workers, most: transfer.concurrency },
      slowedDown: allowed < most ? { allowed, most } : null,
      counts: this.#done.summary(),
    };
  }

  /** Where no bytes are to be moved: as fast as it went so far. */
  #secondsByFiles(): number | null {
    const perSecond = this.#filesPace.perSecond();
    if (!perSecond || !this.#allListed) return null;
    return Math.max(0, this.#listed - this.#done.total) / perSecond;
  }
}
