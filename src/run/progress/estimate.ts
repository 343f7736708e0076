/** How long files take from Drive to S3: each costs a query to Drive, and each byte its share of the connection. */
import type { FileRecord } from '../../../stages/record.ts';

export interface Work {
  files: number;
  bytes: number;
}

interface Estimate {
  seconds: number;
  /** What limits the transfer; null if there is nothing to do. */
  bound: 'bandwidth' | 'queries' | null;
}

export function estimate(
  { files, bytes }: Work,
  { bytesPerSecond, queriesPerSecond }: { bytesPerSecond: number; queriesPerSecond: number },
): Estimate {
  if (files === 0 && bytes === 0) return { seconds: 0, bound: null };
  const byBandwidth = bytes / bytesPerSecond;
  const byQueries = files / queriesPerSecond;
  return {
    seconds: Math.max(byBandwidth, byQueries),
    bound: byBandwidth > byQueries ? 'bandwidth' : 'queries',
  };
}

/** An amount per second: a moving average in which the last seconds weigh most. */
export class Rate {
  readonly #memorySeconds: number;
  #amount = 0;
  #seconds = 0;

  constructor(memorySeconds = 60) {
    this.#memorySeconds = memorySeconds;
  }

  /** `amount` more in these seconds. Idle time does not count. */
  note(seconds: number, amount: number, isIdle = false): void {
    const kept = isIdle ? 1 : Math.exp(-seconds / this.#memorySeconds);
    this.#amount = this.#amount * kept + amount;
    this.#seconds = this.#seconds * kept + this.#memorySeconds * (1 - kept);
  }

  /** Null until some time has passed. */
  get perSecond(): number | null {
    return this.#seconds === 0 ? null : this.#amount / this.#seconds;
  }
}

/** The transfers that are still to start, as far as the files of the run are known. */
export class Remaining {
  /** Files that an earlier run has transferred. */
  readonly #transferred = new Set<string>();
  /** Listed, not resolved yet. */
  readonly #listed: Work = { files: 0, bytes: 0 };
  /** Resolved, waiting for a worker: bytes by id. */
  readonly #waiting = new Map<string, number>();
  #waitingBytes = 0;
  #resolved = 0;
  #toTransfer = 0;

  list({ id, size }: FileRecord, isTransferred: boolean): void {
    if (isTransferred) this.#transferred.add(id);
    else this.#count(1, size ?? 0);
  }

  resolve({ id, size, status, url }: FileRecord): void {
    if (this.#transferred.has(id)) return;
    this.#count(-1, -(size ?? 0));
    this.#resolved += 1;
    if (status !== 'pending' || url) return;
    this.#toTransfer += 1;
    this.#waiting.set(id, size ?? 0);
    this.#waitingBytes += size ?? 0;
  }

  /** The transfer has started, or the file has finished without one. */
  drop({ id }: FileRecord): void {
    this.#waitingBytes -= this.#waiting.get(id) ?? 0;
    this.#waiting.delete(id);
    this.#transferred.delete(id);
  }

  /** Assumes that the same share of files needs a transfer as so far. */
  get work(): Work {
    const share = this.#resolved === 0 ? 1 : this.#toTransfer / this.#resolved;
    return {
      files: this.#waiting.size + this.#listed.files * share,
      bytes: this.#waitingBytes + this.#listed.bytes * share,
    };
  }

  #count(files: number, bytes: number): void {
    this.#listed.files = Math.max(0, this.#listed.files + files);
    this.#listed.bytes = Math.max(0, this.#listed.bytes + bytes);
  }
}
