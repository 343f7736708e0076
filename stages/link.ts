/**
 * link: one media record for each observation of a file, created exactly once.
 *
 * The id of a media record is derived from observation and key, so a second attempt, after a crash or a lost response, finds
 * the record of the first one. One request creates the media of many files.
 */
import { v5 as uuidv5 } from 'uuid';
import { FileError } from './errors.ts';
import type { StageEmitter } from './events.ts';
import { inBatches } from './flow/batches.ts';
import { CircuitBreaker } from './flow/circuit-breaker.ts';
import { concurrently } from './flow/concurrently.ts';
import { endRun, type Shutdown } from './flow/shutdown.ts';
import { withSafeKey } from './object-key.ts';
import { canContinue, type FileRecord, type MediaType, nameOf, stillMissing, stopped } from './record.ts';
import type { Stage } from './stage.ts';

/** A media record to create. */
export interface MediaLink {
  id: string;
  observationId: string;
  url: string;
  type: MediaType;
  isAvailableForPublicUse: boolean;
  /** How messages name the file. */
  fileName: string;
}

/** What link needs from the data service. */
export interface MediaTable {
  /**
   * Creates the media records and returns the outcome of each, in order. Throws RunError when the user may not create any.
   */
  create(links: MediaLink[]): Promise<LinkOutcome[]>;
}

/**
 * Null: this call has created the media record. "found": it existed already, with the same values. "unclear": it exists
 * after an attempt without a response. Otherwise the error that prevented it.
 */
export type LinkOutcome = FileError | 'found' | 'unclear' | null;

export interface LinkOptions {
  isAvailableForPublicUse: boolean;
  /** Links in one request; 25 keeps a request of sequential mutations well under AppSync's 30 seconds. */
  linksPerRequest?: number;
  /** How long a request waits for more records before it is sent. */
  lingerMs?: number;
  shutdown?: Shutdown;
  events?: StageEmitter;
  /** Called before a request is sent, with the records whose media it creates, so that they are known after a crash. */
  onRequest?: (records: readonly FileRecord[]) => void;
}

const REQUESTS_AT_A_TIME = 4;

/** Most records in a batch. Without it, records with nothing to link would wait until the request is full. */
const RECORDS_PER_BATCH = 200;

interface Work {
  record: FileRecord;
  links: MediaLink[];
}

/**
 * Adds `media`. The record becomes `completed` when every sequential id has a media record, `partial` when some have one, and
 * `failed` when none could be created. Media records in `media` are not created again.
 */
export function link(table: MediaTable, options: LinkOptions): Stage {
  const { shutdown, events, onRequest, linksPerRequest = 25, lingerMs = 5_000 } = options;

  const breaker = new CircuitBreaker();
  const observe = ({ record }: Work, outcome: LinkOutcome): void => {
    if (!(outcome instanceof FileError)) breaker.succeeded();
    const stop = outcome instanceof FileError && breaker.failed(record.id, outcome);
    if (stop) shutdown?.drain(stop);
  };

  const linkAll = async (batch: Work[]): Promise<FileRecord[] | undefined> => {
    const links = batch.flatMap(work => work.links);
    const toLink = batch.filter(work => work.links.length > 0).map(({ record }) => record);
    events?.emit('linkStarted', toLink);
    try {
      onRequest?.(toLink);
      const outcomes: LinkOutcome[] = [];
      for (let start = 0; start < links.length; start += linksPerRequest) {
        outcomes.push(...(await table.create(links.slice(start, start + linksPerRequest))));
      }
      let done = 0;
      return batch.map(work => {
        const mine = outcomes.slice(done, done + work.links.length);
        done += work.links.length;
        for (const outcome of mine) observe(work, outcome);
        return outcomeOf(work, mine);
      });
    } catch (error) {
      endRun(shutdown, error);
      return undefined;
    } finally {
      events?.emit('linkEnded', toLink);
    }
  };

  return async function* (records) {
    const work = planned(records, options.isAvailableForPublicUse, shutdown);
    const batches = inBatches(work, batch => isFull(batch, linksPerRequest), lingerMs);
    for await (const linked of concurrently(() => REQUESTS_AT_A_TIME, linkAll)(batches)) yield* linked;
  };
}

function isFull(batch: readonly Work[], linksPerRequest: number): boolean {
  if (batch.length >= RECORDS_PER_BATCH) return true;
  return batch.reduce((sum, { links }) => sum + links.length, 0) >= linksPerRequest;
}

async function* planned(
  records: AsyncIterable<FileRecord>,
  isAvailableForPublicUse: boolean,
  shutdown?: Shutdown,
): AsyncGenerator<Work> {
  for await (const given of records) {
    const record = withSafeKey(given, 'link');
    const pending = canContinue(record) && isTransferred(record);
    // Files that were transferred before the shutdown are still linked: it takes one request.
    if (!pending && shutdown?.drainSignal.aborted && canContinue(record)) continue;
    yield { record, links: pending ? linksOf(record, isAvailableForPublicUse) : [] };
  }
}

/** Whether the record has everything that linking needs. */
function isTransferred({ url, key, type, observations }: FileRecord): boolean {
  return Boolean(url && key && type && observations?.length);
}

/** Namespace of the media ids. It must never change: finished migrations would be linked a second time. */
const NAMESPACE = '6f3b7a52-9d0e-4c1b-8f64-2d1c5e7ab390';

/**
 * The id of the media record that links an observation to an object: a UUIDv5 (RFC 9562) of both, so that a second
 * attempt finds the record of the first.
 */
export function mediaIdOf(observationId: string, key: string): string {
  return uuidv5(`${observationId}\n${key}`, NAMESPACE);
}

function linksOf(record: FileRecord, isAvailableForPublicUse: boolean): MediaLink[] {
  const linked = new Set(record.media?.map(media => media.observationId));
  const observationIds = new Set((record.observations ?? []).map(({ id }) => id));
  return [...observationIds]
    .filter(id => !linked.has(id))
    .map(observationId => ({
      id: mediaIdOf(observationId, record.key!),
      observationId,
      url: record.url!,
      type: record.type!,
      isAvailableForPublicUse,
      fileName: nameOf(record),
    }));
}

function outcomeOf({ record, links }: Work, outcomes: LinkOutcome[]): FileRecord {
  if (!canContinue(record)) return record;
  if (!isTransferred(record)) return notTransferred(record);
  const media = inOrder(record, [
    ...(record.media ?? []),
    ...links.flatMap(({ id, observationId }, index) => {
      const outcome = outcomes[index]!;
      if (outcome instanceof FileError) return [];
      return [{ id, observationId, ...(!isOwn(record, id, outcome) && { found: true as const }) }];
    }),
  ]);
  const { error: _, linking: __, removing: ___, ...rest } = record;
  const linked: FileRecord = { ...rest, media, status: 'completed' };

  const failure = outcomes.find(outcome => outcome instanceof FileError);
  if (failure) {
    return stopped({ ...linked, linking: true }, media.length > 0 ? 'partial' : 'failed', {
      stage: 'link',
      code: failure.code,
      message: failure.message,
      retryable: failure.retryable,
    });
  }
  const missing = stillMissing(record);
  return missing.length > 0 ? incomplete(linked, missing) : linked;
}

/**
 * Whether this run has created the media record. If that is unclear, it has if it also stored the object: before that, there
 * was nothing that another program could have linked.
 */
function isOwn(record: FileRecord, id: string, outcome: Exclude<LinkOutcome, FileError>): boolean {
  if (outcome === null) return true;
  if (record.removing?.some(media => media.id === id)) return true;
  return !record.adopted && (outcome === 'unclear' || record.linking === true);
}

/** The media in the order of the observations, not in that of their creation. */
function inOrder<T extends { observationId: string }>({ observations = [] }: FileRecord, media: T[]): T[] {
  const indexes = new Map(observations.map(({ id }, index) => [id, index]));
  const indexOf = ({ observationId }: T) => indexes.get(observationId) ?? observations.length;
  return media.toSorted((a, b) => indexOf(a) - indexOf(b));
}

function incomplete(record: FileRecord, missing: number[]): FileRecord {
  const found = record.observations!.map(({ sequentialId }) => sequentialId).join(', ');
  return stopped(record, 'partial', {
    stage: 'link',
    code: 'observations_missing',
    message: `${nameOf(record)}: linked to ${found}; there is no observation ${missing.join(', ')}. Each run looks for it again; create it, or rename the file in Drive.`,
    retryable: true,
  });
}

function notTransferred(record: FileRecord): FileRecord {
  return stopped(record, 'failed', {
    stage: 'link',
    code: 'not_transferred',
    message: `${nameOf(record)}: the record lacks its url, key, type or observations. Run "migrator resolve" and "migrator transfer" before "migrator link".`,
    retryable: true,
  });
}
