/** The files on their way at the moment, and what their way tells of the line and of Drive. */
import type { FileRecord } from '../../../stages/record.ts';
import { LinePace } from './line-pace.ts';
import { Workload } from './workload.ts';

/** `opening`: no byte has come yet. `storing`: all bytes have come, and S3 is yet to say that it has them. */
export type Phase = 'opening' | 'downloading' | 'storing';

export interface Move {
  readonly name: string;
  /** Folders below the migrated one. */
  readonly path: string;
  /** Bytes; null if nobody knows. */
  readonly size: number | null;
  /** Bytes that have come in the attempt under way. */
  moved: number;
  phase: Phase;
  /** When the phase began, in ms. */
  since: number;
}

/** The times of so many files say what one costs beside its bytes. */
const FILES_REMEMBERED = 32;
/** An answer of S3 that takes longer than this waits for bytes on a slow line, which are counted already. */
const LONGEST_ANSWER_MS = 1_000;

export class Moves {
  readonly workload = new Workload();
  readonly pace: LinePace;
  readonly #moves = new Map<string, Move>();
  readonly #now: () => number;
  readonly #openings: number[] = [];
  readonly #endings: number[] = [];
  #workers: number;
  #moved = 0;
  /** Bytes that had come when somebody asked last, and since when it has been these. */
  #seen = { moved: 0, at: 0 };

  /** `now` gives ms. */
  constructor(options: { workers: number; now: () => number }) {
    this.#workers = options.workers;
    this.#now = options.now;
    this.pace = new LinePace(() => this.#workers);
  }

  /** In the order in which they began. */
  get all(): IterableIterator<Move> {
    return this.#moves.values();
  }

  get busyWorkers(): number {
    return Math.min(this.#workers, this.#moves.size);
  }

  /** Files that are transferred at a time, at most, at the moment. */
  get workers(): number {
    return this.#workers;
  }

  /** Bytes that have come and count: those of attempts that failed do not. */
  get bytesMoved(): number {
    return this.#moved;
  }

  /** Bytes of this run: moved, on the way and to come. */
  get bytesToMove(): number {
    let left = 0;
    for (const bytes of this.left()) left += bytes;
    return this.#moved + left + this.workload.bytes;
  }

  /** Bytes still to come of each file on its way. */
  *left(): Generator<number> {
    for (const { size, moved } of this.#moves.values()) yield Math.max(0, (size ?? 0) - moved);
  }

  /** How long a worker has a file, beside the time in which bytes come; waits for the quota of Drive included. */
  get secondsAFile(): number {
    if (this.#endings.length === 0) return 0;
    const opening = this.#openings.reduce((sum, ms) => sum + ms, 0) / this.#openings.length;
    const ending = Math.min(LONGEST_ANSWER_MS, ...this.#endings);
    return (opening + ending) / 1000;
  }

  /** How long no byte has come although files are on their way, as far as somebody has asked; ms. */
  silentMs(at: number): number {
    if (this.#moved !== this.#seen.moved || this.#moves.size === 0) this.#seen = { moved: this.#moved, at };
    return at - this.#seen.at;
  }

  workersAllowed(count: number): void {
    this.#workers = count;
  }

  started({ id, name, path = '', size = null }: FileRecord): void {
    const at = this.#now();
    this.workload.begun(id);
    this.#moves.set(id, { name, path, size, moved: 0, phase: 'opening', since: at });
  }

  moved({ id }: FileRecord, bytes: number): void {
    const move = this.#moves.get(id);
    if (!move) return;
    move.moved += bytes;
    this.#moved += bytes;
    this.pace.passed(bytes);
    if (move.phase === 'opening') this.#become(move, 'downloading');
    if (move.moved === move.size) this.#become(move, 'storing');
  }

  restarted({ id }: FileRecord): void {
    const move = this.#moves.get(id);
    if (!move) return;
    this.#moved -= move.moved;
    move.moved = 0;
    this.#become(move, 'opening');
  }

  ended({ id }: FileRecord): void {
    const move = this.#moves.get(id);
    if (!move) return;
    const { phase, since } = move;
    this.#become(move, 'opening');
    if (phase === 'storing') remember(this.#endings, move.since - since);
    this.#moves.delete(id);
    if (this.#moves.size === 0) this.pace.pause(move.since);
  }

  #become(move: Move, phase: Phase): void {
    const at = this.#now();
    if (move.phase === 'opening' && phase !== 'opening') remember(this.#openings, at - move.since);
    if (move.phase === 'downloading') this.pace.downloading(-1, at);
    if (move.phase === 'storing') this.pace.uploading(-1, at);
    if (phase === 'downloading') this.pace.downloading(1, at);
    if (phase === 'storing') this.pace.uploading(1, at);
    move.phase = phase;
    move.since = at;
  }
}

function remember(times: number[], ms: number): void {
  times.push(ms);
  if (times.length > FILES_REMEMBERED) times.shift();
}
