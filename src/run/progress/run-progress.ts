/** How far a run is and how long it still takes, from its events. Files, bytes and percent are those of the whole run. */
import type { FileRecord } from '../../../stages/record.ts';
import type { RunEvents } from '../events.ts';
import { Counts } from './counts.ts';
import { estimate, Rate, Remaining, type Work } from './estimate.ts';
import type { Bottleneck, Phase, ProgressFacts, Transfer } from './progress-facts.ts';

/** Longer pauses without a byte are reported. */
const SILENCE_MS = 10_000;
/** Earlier than this the remaining time cannot be estimated. */
const FIRST_ESTIMATE_MS = 2_000;
/** Above this share of the allowed rate, the rate is what limits the run. */
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

export class RunProgress {
  /** The transfers by id, in the order in which they started. */
  readonly transfers = new Map<string, Transfer>();
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
  /** Transfers that wait for S3, less those that wait for Drive. */
  readonly #storing = new Rate(20);
  /** Queries a second that are allowed while Drive throttles: the rate falls and recovers several times in that time. */
  readonly #throttledRate = new Rate(150);
  #firstByteAt: number | null = null;
  #lastByteAt: number | null = null;
  #notedAt: number | null = null;

  /** `limits`: null where no files are transferred. */
  constructor(events: RunEvents, limits: TransferLimits | null, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.workers = limits?.concurrency ?? 1;
    events
      .on('listed', (record, isTransferred) => this.#list(record, isTransferred))
      .on('allListed', () => {
        this.#isListed = true;
      })
      .on('planned', record => this.#remaining.resolve(record))
      .on('transferStarted', record => this.#start(record))
      .on('bytesRead', ({ id }, bytes) => this.#read(id, bytes))
      .on('transferRetried', ({ id }) => {
        this.#noteTime();
        Object.assign(this.transfers.get(id) ?? {}, { bytesRead: 0, phase: 'opening' });
      })
      .on('transferEnded', ({ id }) => {
        this.#noteTime();
        this.#unlinkedBytes.set(id, this.transfers.get(id)?.bytesRead ?? 0);
        this.transfers.delete(id);
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
    const { id, name, path = '', size = null } = record;
    this.transfers.set(id, { name, path, size, bytesRead: 0, phase: 'opening' });
  }

  #read(id: string, bytes: number): void {
    this.#since.bytes += bytes;
    this.#lastByteAt = this.#now();
    const transfer = this.transfers.get(id);
    if (!transfer) return;
    const bytesRead = transfer.bytesRead + bytes;
    const phase = bytesRead === transfer.size ? 'storing' : 'downloading';
    if (phase !== transfer.phase) this.#noteTime();
    transfer.bytesRead = bytesRead;
    transfer.phase = phase;
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
    const limits = this.#limits;
    const allowed = limits?.queriesPerSecond() ?? 0;
    const secondsLeft = limits?.isStopping?.() ? null : this.#secondsLeft();
    const isSilent = silentMs >= SILENCE_MS;
    const unlinked = [...this.#unlinkedBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const done = this.#doneBytes + unlinked + this.#sum(({ bytesRead }) => bytesRead);
    return {
      filesDone: this.#finished.total,
      files: this.#all.files,
      sessionFiles: this.#isResumed ? this.#sessionFiles : null,
      isTotal: this.#isListed,
      bytes: limits && { done, all: this.#all.bytes, perSecond: this.#rates.bytes.perSecond },
      secondsLeft,
      bottleneck: secondsLeft === null || isSilent ? null : this.#bottleneck(),
      silentSeconds: isSilent ? silentMs / 1000 : 0,
      workers: limits && {
        busy: Math.min(this.workers, this.transfers.size),
        allowed: this.workers,
        most: limits.concurrency,
      },
      throttled: limits && this.#isThrottled ? { allowed, most: limits.mostQueriesPerSecond } : null,
      queriesPerSecond: limits && allowed,
      counts: this.#finished.summary(),
    };
  }

  #sum(amount: (transfer: Transfer) => number): number {
    return [...this.transfers.values()].reduce((sum, transfer) => sum + amount(transfer), 0);
  }

  #in(phase: Phase): number {
    return this.#sum(transfer => Number(transfer.phase === phase));
  }

  /** Brings the averages up to date; gives how long no byte has come. An outage does not count as a slow connection. */
  #noteTime(): number {
    const at = this.#now();
    const { bytes, starts, files } = this.#since;
    const seconds = (at - (this.#notedAt ?? at)) / 1000;
    const hasNone = this.transfers.size === 0;
    if (hasNone) this.#lastByteAt = at;
    if (bytes > 0) this.#firstByteAt ??= at;
    this.#lastByteAt ??= at;
    const silentMs = at - this.#lastByteAt;
    const isIdle = hasNone || silentMs >= SILENCE_MS;
    this.#rates.bytes.note(seconds, bytes, isIdle && bytes === 0);
    this.#rates.downloads.note(seconds, bytes, this.#in('downloading') === 0);
    this.#rates.starts.note(seconds, starts, isIdle);
    this.#rates.files.note(seconds, files);
    this.#storing.note(seconds, (this.#in('storing') - this.#in('downloading')) * seconds);
    if (this.#isThrottled)
      this.#throttledRate.note(seconds, (this.#limits?.queriesPerSecond() ?? 0) * seconds);
    this.#since = { bytes: 0, starts: 0, files: 0 };
    this.#notedAt = at;
    return silentMs;
  }

  #secondsLeft(): number | null {
    const { files, bytes } = this.#remaining.work;
    const unread = this.#sum(({ size, bytesRead }) => Math.max(0, (size ?? 0) - bytesRead));
    if (!this.#limits || (files < 1 && this.transfers.size === 0)) return this.#secondsByFiles();
    // While queries are the limit, the connection is idle between two files.
    const { bytes: all, downloads } = this.#rates;
    const bytesPerSecond = (this.#isLimitedByQueries && downloads.perSecond) || all.perSecond;
    const ms = this.#firstByteAt === null ? 0 : this.#now() - this.#firstByteAt;
    if (!bytesPerSecond || ms < FIRST_ESTIMATE_MS) return null;
    const throttled = this.#isThrottled ? this.#throttledRate.perSecond : null;
    const queriesPerSecond = throttled || this.#limits.queriesPerSecond();
    return estimate({ files, bytes: bytes + unread }, { bytesPerSecond, queriesPerSecond }).seconds;
  }

  /** If nothing is to be transferred: from the rate at which files finish. */
  #secondsByFiles(): number | null {
    const { perSecond } = this.#rates.files;
    if (!perSecond || !this.#isListed) return null;
    return Math.max(0, this.#all.files - this.#finished.total) / perSecond;
  }

  #bottleneck(): Bottleneck | null {
    if (!this.#limits || this.transfers.size === 0) return null;
    if (this.#isLimitedByQueries) return 'queries';
    const limit = this.#limits.bytesPerSecondLimit();
    if (limit !== null && (this.#rates.bytes.perSecond ?? 0) >= NEARLY * limit) return 'bwlimit';
    const isThrottled = this.workers < this.#limits.concurrency;
    return isThrottled || (this.#storing.perSecond ?? 0) > 0 ? 's3' : 'connection';
  }

  get #isThrottled(): boolean {
    return this.#limits !== null && this.#limits.queriesPerSecond() < this.#limits.mostQueriesPerSecond;
  }

  /** Files start nearly as often as allowed; or Drive throttles, and most files wait for their first byte. */
  get #isLimitedByQueries(): boolean {
    if (this.#isThrottled && this.#in('opening') * 2 > this.transfers.size) return true;
    const allowed = this.#limits?.queriesPerSecond() ?? Number.POSITIVE_INFINITY;
    return (this.#rates.starts.perSecond ?? 0) >= NEARLY * allowed;
  }
}
