/**
 * resolve: finds the observations of each record and chooses the S3 key of its object. Reads the Observation table; writes
 * nothing to AWS.
 */
import { byCleanness, Claims, keyOf } from './claims.ts';
import { MAX_SEQUENTIAL_ID, unsafeIn } from './file-name.ts';
import { endRun, type Shutdown } from './flow/shutdown.ts';
import { MAX_KEY_BYTES, withSafeKey } from './object-key.ts';
import { type Observation, ObservationFinder, type ObservationTable } from './observation-finder.ts';
import { idTooLarge } from './parse.ts';
import {
  canContinue,
  type FileRecord,
  nameOf,
  needsReview,
  reopened,
  stopped,
  withoutObservations,
} from './record.ts';
import type { Stage } from './stage.ts';

/** Which data set a leading letter selects, when several use the same sequential ids. */
export interface PrefixRules {
  /** The field of an observation that tells its data set. */
  discriminatorField: string;
  /** Letter ('' for none) → value of that field; `*` is any value that no other letter names. */
  prefixes: Readonly<Record<string, string>>;
}

export interface ResolveOptions {
  prefixRules?: PrefixRules | null;
  /** Records of earlier runs that own a key. */
  claimed?: Iterable<FileRecord>;
  shutdown?: Shutdown;
  /** Called with the sequential ids of all observations, if the whole table is read. */
  onTableRead?: (sequentialIds: number[]) => void;
}

/** Records that are looked up together: enough to fill requests, few enough for transfers to start soon. */
const RECORDS_PER_BATCH = 1000;

/**
 * Adds `observations`, `missing` and `key`. A record without any observation becomes an `orphan`; one with several
 * observations for one id and no rule to choose, or with a key that another file owns, `needs_review`; one with the same
 * bytes and ids as another, a `duplicate`. Records with `observations` (a person may have set them) are not looked up again.
 */
export function resolve(table: ObservationTable, options: ResolveOptions = {}): Stage {
  const resolver = new Resolver(table, options);
  return records => resolver.resolve(records);
}

class Resolver {
  readonly #options: ResolveOptions;
  readonly #finder: ObservationFinder;
  readonly #claims = new Claims();

  constructor(table: ObservationTable, options: ResolveOptions) {
    this.#options = options;
    this.#finder = new ObservationFinder(table, options.onTableRead);
    for (const record of options.claimed ?? []) this.#claims.hold(record);
  }

  async *resolve(records: AsyncIterable<FileRecord>): AsyncGenerator<FileRecord> {
    const { shutdown } = this.#options;
    let batch: FileRecord[] = [];
    for await (const given of records) {
      // Read the rest of the input, too: its writer would otherwise wait forever.
      if (shutdown?.drainSignal.aborted) continue;
      const record = reopened(given);
      if (!canContinue(record)) {
        this.#claims.releaseStale(record);
        yield record;
        continue;
      }
      batch.push(record);
      if (batch.length < RECORDS_PER_BATCH) continue;
      yield* await this.#batch(batch);
      batch = [];
    }
    if (!shutdown?.drainSignal.aborted) yield* await this.#batch(batch);
  }

  /** Empty if the run is shut down because of an error: the records stay pending. */
  async #batch(records: FileRecord[]): Promise<FileRecord[]> {
    const { shutdown } = this.#options;
    try {
      const located = await this.#located(records);
      return losersLast(located, this.#claimed(located), records);
    } catch (error) {
      endRun(shutdown, error);
      return [];
    }
  }

  /** The records with observations and the key that they should get. */
  async #located(records: FileRecord[]): Promise<FileRecord[]> {
    const wanted = records.flatMap(record => (record.observations ? [] : (record.sequentialIds ?? [])));
    const found = await this.#finder.find(wanted.filter(id => id <= MAX_SEQUENTIAL_ID));
    const rules = this.#options.prefixRules ?? null;
    return records.map(record =>
      record.observations ? locate(record) : withoutUnsafe(locate(observe(record, found, rules))),
    );
  }

  /** The records by id, each with its key, or stopped because another file has the key or the same content. */
  #claimed(located: FileRecord[]): Map<string, FileRecord> {
    const decided = new Map(located.map(record => [record.id, record]));
    for (const record of located) this.#claims.releaseStale(record);
    const claimants = located.filter(record => canContinue(record) && record.key).toSorted(byPrecedence);
    const decide = (record: FileRecord) =>
      decided.set(record.id, this.#claims.take({ ...record, key: record.key! }));
    claimants.forEach(decide);
    // Once more for those that lost their key to another file: they may be copies of a file that was decided after them. Then
    // they are duplicates, which need no review.
    claimants.filter(({ id }) => !canContinue(decided.get(id)!)).forEach(decide);
    return decided;
  }
}

/**
 * Records that lost to others come last: after a crash only the first ones may be in the manifest, and the next run must make
 * the same decisions from them.
 */
function losersLast(
  located: FileRecord[],
  decided: Map<string, FileRecord>,
  given: FileRecord[],
): FileRecord[] {
  const results = located.map((record, index) => unlessSame(given[index]!, decided.get(record.id)!));
  const hasLost = (index: number) => canContinue(located[index]!) && !canContinue(results[index]!);
  return [...results.filter((_, index) => !hasLost(index)), ...results.filter((_, index) => hasLost(index))];
}

/** Files that another tool has already stored in S3 come first. */
function byPrecedence(a: FileRecord, b: FileRecord): number {
  return Number(Boolean(b.url)) - Number(Boolean(a.url)) || byCleanness(a, b);
}

function unlessSame(given: FileRecord, result: FileRecord): FileRecord {
  return result.status === given.status && result.key === given.key && given.observations ? given : result;
}

function observe(
  record: FileRecord,
  found: Map<number, Observation[]>,
  rules: PrefixRules | null,
): FileRecord {
  const ids = record.sequentialIds;
  if (!ids?.length) {
    return stopped(record, 'failed', {
      stage: 'resolve',
      code: 'not_parsed',
      message: `${nameOf(record)}: the record has no sequentialIds. Run "migrator parse" before "migrator resolve".`,
      retryable: true,
    });
  }
  const tooLarge = ids.find(id => id > MAX_SEQUENTIAL_ID);
  if (tooLarge !== undefined) return idTooLarge(record, 'resolve', tooLarge);
  const candidates = ids.map(id => ({
    sequentialId: id,
    observations: chosen(found.get(id) ?? [], record, rules),
  }));
  const ambiguous = candidates.filter(({ observations }) => observations.length > 1);
  if (ambiguous.length > 0) return undecided(record, ambiguous);

  const observations = candidates.flatMap(({ sequentialId, observations: [only] }) =>
    only ? [{ sequentialId, id: only.id }] : [],
  );
  const missing = candidates
    .filter(({ observations }) => observations.length === 0)
    .map(({ sequentialId }) => sequentialId);
  const resolved = { ...record, observations, missing };
  return observations.length > 0 ? resolved : orphan(resolved, rules);
}

function chosen(observations: Observation[], record: FileRecord, rules: PrefixRules | null): Observation[] {
  if (!rules) return observations;
  const wanted = discriminatorOf(record.prefix ?? '', rules);
  if (wanted === undefined) return [];
  if (wanted !== '*') return observations.filter(({ discriminator }) => discriminator === wanted);
  const named = new Set(Object.values(rules.prefixes));
  return observations.filter(({ discriminator }) => !named.has(discriminator ?? ''));
}

function discriminatorOf(prefix: string, rules: PrefixRules): string | undefined {
  return Object.hasOwn(rules.prefixes, prefix) ? rules.prefixes[prefix] : undefined;
}

/** Looks the ids up again after the observation has been corrected. */
function withoutUnsafe(record: FileRecord): FileRecord {
  return record.error?.code === 'unsafe_observation_id' ? withoutObservations(record) : record;
}

function locate(given: FileRecord): FileRecord {
  const record = withSafeKey(given, 'resolve');
  if (!canContinue(record) || record.key) return record;
  const unsafe = unsafeIn(record.name);
  if (unsafe)
    return unusable(
      record,
      'unsafe_name',
      `the name contains ${unsafe}, which S3 keys and URLs must not have`,
    );
  const first = record.observations?.[0];
  if (!first) return record;
  const key = keyOf(record);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    return unusable(record, 'name_too_long', `the name makes an S3 key of more than ${MAX_KEY_BYTES} bytes`);
  }
  return withSafeKey({ ...record, key }, 'resolve');
}

function unusable(record: FileRecord, code: string, why: string): FileRecord {
  return needsReview(withoutObservations(record), 'resolve', code, `${why}. Rename the file in Drive.`);
}

function undecided(
  record: FileRecord,
  ambiguous: { sequentialId: number; observations: Observation[] }[],
): FileRecord {
  const ids = ambiguous.map(({ sequentialId }) => sequentialId).join(', ');
  const problem = `there is more than one observation with the sequential id ${ids}. Put the right ones into "observations" of its line in the manifest, or set up prefix_disambiguation.`;
  const candidates = ambiguous.flatMap(({ observations }) => observations);
  return needsReview(record, 'resolve', 'several_observations', problem, { candidates });
}

function orphan(record: FileRecord, rules: PrefixRules | null): FileRecord {
  const ids = record.sequentialIds!.join(', ');
  const prefix = record.prefix ?? '';
  const unknownPrefix = rules !== null && discriminatorOf(prefix, rules) === undefined;
  return stopped(record, 'orphan', {
    stage: 'resolve',
    code: unknownPrefix ? 'unknown_prefix' : 'no_observation',
    message: unknownPrefix
      ? `${nameOf(record)}: prefix_disambiguation knows no prefix "${prefix}". Rename the file in Drive, or add the prefix.`
      : `${nameOf(record)}: there is no observation with the sequential id ${ids}. Create it, then run again with --retry-orphans, or rename the file in Drive.`,
    retryable: false,
  });
}
