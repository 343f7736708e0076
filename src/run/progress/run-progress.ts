/** How far a run is and how long it still takes, from its events. Files, bytes and percent are those of the whole run. */
import type { FileRecord } from '../../../stages/record.ts';
import type { RunEvents } from '../events.ts';
import { Counts } from './counts.ts';
import { estimate, type Work } from './estimate.ts';
import { Moves } from './moves.ts';
import { Rate } from './rate.ts';
import { Remaining } from './remaining.ts';

/** Longer pauses without a byte are reported. */
const SILENCE_MS = 10_000;
/** Earlier than this the remaining time cannot be estimated. */
const FIRST_ESTIMATE_MS = 2_000;
/** From this share of the allowed rate on, the rate is the limit. */
const NEARLY = 0.8;

export interface TransferLimits {
  concurrency: number;
  /** Queries a second to Drive: allowed at the moment, and at most. */
  queriesPerSecond: () => number;
  mostQueriesPerSecond: number;
  /** Bandwidth that the user allows at the moment; null for no limit. */
  bytesPerSecondLimit: () => number | null;
  /** Whether no new files are started, so that the rest is left to another run. */
  isStopping?: () => boolean;
}

/** What limits the speed of the transfer. */
export type Bottleneck = 'queries' | 'bwlimit' | 'connection' | 's3';

export interface ProgressFacts {
  filesDone: number;
  files: number;
  /** Finished by this process, where earlier ones have finished others; null otherwise. */
  sessionFiles: number | null;
  /** Whether the listing is complete; otherwise there may be more files and bytes. */
  isTotal: boolean;
  /** Null where no bytes are transferred. */
  bytes: { done: number; all: number; perSecond: number | null } | null;
  secondsLeft: number | null;
  bottleneck: Bottleneck | null;
  /** How long no byte has come although files are being transferred; 0 for short pauses. */
  silentSeconds: number;
  /** Null where no files are transferred. */
  workers: { busy: number; allowed: number; most: number } | null;
  /** Queries a second to Drive, while Drive throttles; null otherwise. */
  throttled: { allowed: number; most: number } | null;
  /** Queries a second to Drive that are allowed now; null where no files are transferred. */
  queriesPerSecond: number | null;
  counts: Readonly<Record<string, number>>;
}

export class RunProgress {
  readonly moves = new Moves();
  /** Files whose media records are being created. */
  readonly linking = new Set<FileRecord>();
  workers: number;
  readonly #limits: TransferLimits | null;
  readonly #now: () => number;
  readonly #finished = new Counts();
  readonly #remaining = new Remaining();
  readonly #all: Work = { files: 0, bytes: 0 };
  #doneBytes = 0;
  /** Bytes of files that are transferred and not finished. */
  readonly #unlinkedBytes = new Map<string, number>();
  readonly #inThisSession = new Set<string>();
  #sessionFiles = 0;
  #isResumed = false;
  #isListed = false;

  #since = { bytes: 0, starts: 0, files: 0 };
  readonly #rates = { bytes: new Rate(), downloads: new Rate(), starts: new Rate(20), files: new Rate() };
  readonly #averages = { allowed: new Rate(20), downloading: new Rate(20), storing: new Rate(20) };
  /** Queries a second that are allowed while Drive throttles: the rate falls and recovers several times in that time. */
  readonly #throttledRate = new Rate(150);
  #firstByteAt: number | null = null;
  #lastByteAt: number | null = null;
  #notedAt: number | null = null;

  constructor(limits: TransferLimits | null, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.workers = limits?.concurrency ?? 1;
  }

  follow(events: RunEvents): this {
    events
      .on('listed', (record, isTransferred) => this.#list(record, isTransferred))
      .on('allListed', () => {
        this.#isListed = true;
      })
      .on('planned', record => this.#remaining.resolve(record))
      .on('transferStarted', record => this.#start(record))
      .on('bytesRead', (record, bytes) => {
        this.#since.bytes += bytes;
        this.#noteTime();
        this.moves.read(record, bytes);
      })
      .on('transferRetried', record => {
        this.#noteTime();
        this.moves.restart(record);
      })
      .on('transferEnded', record => {
        this.#noteTime();
        this.#unlinkedBytes.set(record.id, this.moves.end(record));
      })
      .on('workersChanged', workers => {
        this.workers = workers;
      })
      .on('linkStarted', records => {
        for (const record of records) this.linking.add(record);
        for (const { id } of records) this.#inThisSession.add(id);
      })
      .on('linkEnded', records => {
        for (const record of records) this.linking.delete(record);
      })
      .on('finished', record => this.#finish(record));
    return this;
  }

  #list(record: FileRecord, isTransferred: boolean): void {
    this.#all.files += 1;
    this.#all.bytes += record.size ?? 0;
    this.#isResumed ||= isTransferred;
    this.#remaining.list(record, isTransferred);
  }

  #start(record: FileRecord): void {
    this.#noteTime();
    this.#since.starts += 1;
    this.#inThisSession.add(record.id);
    this.#remaining.drop(record);
    this.moves.start(record);
  }

  #finish(record: FileRecord): void {
    const bytes = record.bytes ?? record.size ?? 0;
    this.#all.bytes += bytes - (record.size ?? 0);
    this.#doneBytes += bytes;
    this.#unlinkedBytes.delete(record.id);
    this.#remaining.drop(record);
    this.#finished.add(record);
    this.#since.files += 1;
    if (this.#inThisSession.delete(record.id)) this.#sessionFiles += 1;
  }

  /** Call it a few times a second. */
  facts(): ProgressFacts {
    const silentMs = this.#noteTime();
    const { concurrency: most = 0, mostQueriesPerSecond = 0 } = this.#limits ?? {};
    const allowed = this.#limits?.queriesPerSecond() ?? 0;
    const secondsLeft = this.#limits?.isStopping?.() ? null : this.#secondsLeft();
    const isSilent = silentMs >= SILENCE_MS;
    const read = [...this.#unlinkedBytes.values()].reduce((sum, bytes) => sum + bytes, this.moves.bytesRead);
    const perSecond = this.#rates.bytes.perSecond;
    return {
      filesDone: this.#finished.total,
      files: this.#all.files,
      sessionFiles: this.#isResumed ? this.#sessionFiles : null,
      isTotal: this.#isListed,
      bytes: this.#limits && { done: this.#doneBytes + read, all: this.#all.bytes, perSecond },
      secondsLeft,
      bottleneck: secondsLeft === null || isSilent ? null : this.#bottleneck(),
      silentSeconds: isSilent ? silentMs / 1000 : 0,
      workers: this.#limits && {
        busy: Math.min(this.workers, this.moves.count),
        allowed: this.workers,
        most,
      },
      throttled: this.#isThrottled ? { allowed, most: mostQueriesPerSecond } : null,
      queriesPerSecond: this.#limits && allowed,
      counts: this.#finished.summary(),
    };
  }

  /** Brings the averages up to date; gives how long no byte has come. An outage does not count as a slow connection. */
  #noteTime(): number {
    const at = this.#now();
    const { bytes, starts, files } = this.#since;
    const ms = at - (this.#notedAt ?? at);
    if (bytes > 0 || this.moves.count === 0) this.#lastByteAt = at;
    if (bytes > 0) this.#firstByteAt ??= at;
    this.#lastByteAt ??= at;
    const silentMs = at - this.#lastByteAt;
    const isIdle = this.moves.count === 0 || silentMs >= SILENCE_MS;
    this.#rates.bytes.note(at, bytes, isIdle && bytes === 0);
    this.#rates.downloads.note(at, bytes, this.moves.in('downloading') === 0);
    this.#rates.starts.note(at, starts, isIdle);
    this.#rates.files.note(at, files);
    const { allowed, downloading, storing } = this.#averages;
    const queries = ((this.#limits?.queriesPerSecond() ?? 0) * ms) / 1000;
    allowed.note(at, queries);
    this.#throttledRate.note(at, this.#isThrottled ? queries : 0, !this.#isThrottled);
    downloading.note(at, (this.moves.in('downloading') * ms) / 1000);
    storing.note(at, (this.moves.in('storing') * ms) / 1000);
    this.#since = { bytes: 0, starts: 0, files: 0 };
    this.#notedAt = at;
    return silentMs;
  }

  #secondsLeft(): number | null {
    const { files, bytes } = this.#remaining.work;
    const work = { files, bytes: bytes + this.moves.bytesLeft };
    if (!this.#limits || (work.files < 1 && this.moves.count === 0)) return this.#secondsByFiles();
    // While queries are the limit, the connection is idle between two files.
    const { bytes: all, downloads } = this.#rates;
    const whileDownloading = this.#isLimitedByQueries ? downloads.perSecond : null;
    const bytesPerSecond = whileDownloading ?? all.perSecond;
    const ms = this.#firstByteAt === null ? 0 : this.#now() - this.#firstByteAt;
    if (!bytesPerSecond || ms < FIRST_ESTIMATE_MS) return null;
    const queries = this.#isThrottled ? this.#throttledRate : this.#averages.allowed;
    const queriesPerSecond = queries.perSecond || Number.POSITIVE_INFINITY;
    return estimate(work, { bytesPerSecond, queriesPerSecond }).seconds;
  }

  /** If nothing is to be transferred: from the rate at which files finish. */
  #secondsByFiles(): number | null {
    const perSecond = this.#rates.files.perSecond;
    if (!perSecond || !this.#isListed) return null;
    return Math.max(0, this.#all.files - this.#finished.total) / perSecond;
  }

  #bottleneck(): Bottleneck | null {
    if (!this.#limits || this.moves.count === 0) return null;
    if (this.#isLimitedByQueries) return 'queries';
    const limit = this.#limits.bytesPerSecondLimit();
    if (limit !== null && (this.#rates.bytes.perSecond ?? 0) >= NEARLY * limit) return 'bwlimit';
    const { downloading, storing } = this.#averages;
    const isThrottled = this.workers < this.#limits.concurrency;
    return isThrottled || (storing.perSecond ?? 0) > (downloading.perSecond ?? 0) ? 's3' : 'connection';
  }

  get #isThrottled(): boolean {
    return this.#limits !== null && this.#limits.queriesPerSecond() < this.#limits.mostQueriesPerSecond;
  }

  /** Files start nearly as often as allowed; or Drive throttles, and most files wait for their first byte. */
  get #isLimitedByQueries(): boolean {
    if (this.#isThrottled && this.moves.in('opening') * 2 > this.moves.count) return true;
    const allowed = this.#averages.allowed.perSecond;
    return allowed !== null && (this.#rates.starts.perSecond ?? 0) >= NEARLY * allowed;
  }
}
