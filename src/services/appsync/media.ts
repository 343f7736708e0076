/** The Media model as link needs it: many creates in one document, each of them safe to repeat. */
import { FileError, type RunError } from '../../../stages/errors.ts';
import type { LinkOutcome, MediaLink, MediaTable } from '../../../stages/link.ts';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import type { RetryPolicy } from '../../../stages/retry/faults.ts';
import { type AppSyncClient, batch, resultsOf } from './client.ts';
import {
  type AppSyncError,
  fieldFault,
  isConflict,
  isForbidden,
  isOfField,
  isSchemaMismatch,
  isTemporary,
  isUnreadable,
  notAllowed,
  schemaMismatch,
} from './errors.ts';
import type { Models } from './models.ts';

/** A create that may be tried again. */
type Open = { again: AppSyncError };
type Outcome = LinkOutcome | Open;

export class Media implements MediaTable {
  readonly #client: AppSyncClient;
  readonly #model: Models['media'];
  readonly #backoff: Backoff;

  constructor(client: AppSyncClient, models: Models, backoff: Backoff) {
    this.#client = client;
    this.#model = models.media;
    this.#backoff = backoff;
  }

  async create(links: MediaLink[]): Promise<LinkOutcome[]> {
    if (links.length === 0) return [];
    const outcomes = new Map<MediaLink, Outcome>(links.map(link => [link, { again: {} }]));
    /** Links whose first attempt met an existing record; a later one may meet the record that the first has created. */
    const found = new Set<MediaLink>();
    const attempt = async (retry: number): Promise<void> => {
      const created = await this.#createOrSplit(links.filter(link => isOpen(outcomes.get(link)!)));
      const existing = [...created.keys()].filter(link => isExisting(created.get(link)!));
      if (retry === 0) for (const link of existing) if (created.get(link) === 'found') found.add(link);
      const unconfirmed = await this.#unconfirmed(existing);
      for (const [link, outcome] of created) {
        const confirmed = found.has(link) ? 'found' : 'unclear';
        outcomes.set(link, unconfirmed.get(link) ?? (isExisting(outcome) ? confirmed : outcome));
      }
      const open = [...outcomes.values()].filter(isOpen);
      if (open.length > 0) throw new NotAllCreated(open.map(({ again }) => again));
    };
    await withRetries(attempt, retryPolicy, this.#backoff).catch(error => {
      if (!(error instanceof NotAllCreated)) throw error;
    });
    return links.map(link => {
      const outcome = outcomes.get(link)!;
      return isOpen(outcome) ? notCreated(link, outcome.again) : outcome;
    });
  }

  /**
   * The outcomes of one request; "found" and "unclear" are not confirmed yet. One value that AppSync cannot coerce refuses
   * the whole document: it is halved until the bad record is alone.
   */
  async #createOrSplit(links: MediaLink[]): Promise<Map<MediaLink, Outcome>> {
    const { createInput, createMutation } = this.#model;
    const inputs = links.map(link => ({ input: this.#inputOf(link) }));
    const mutation = `${createMutation}(input: $input) { id }`;
    const request = batch('mutation', { input: `${createInput}!` }, inputs, mutation);
    const { isRepeated = false, ...response } = await this.#client.request(request);
    const { data, errors } = response;
    const results = resultsOf(response, links);
    const outcomeOf = (link: MediaLink): Outcome => {
      const { value, errors: own } = results.get(link)!;
      if (value) return null;
      const error = own[0] ?? errors[0] ?? { message: 'no response for this record' };
      if (isConflict(error)) return isRepeated ? 'unclear' : 'found';
      if (isForbidden(error)) throw notAllowed(error);
      if (isSchemaMismatch([error])) throw this.#misfit(error);
      return isTemporary(error) ? { again: error } : refused(link, error);
    };
    const all = (outcome: (link: MediaLink) => Outcome) => new Map(links.map(link => [link, outcome(link)]));
    if (data) return all(outcomeOf);
    const forbidden = errors.find(isForbidden);
    if (forbidden) throw notAllowed(forbidden);
    const refusal = errors[0] ?? { message: 'no data' };
    if (errors.some(isTemporary)) return all(() => ({ again: refusal }));
    if (!errors.some(error => this.#isAboutUrl(error))) throw this.#misfit(refusal);
    if (links.length === 1) return all(link => refused(link, refusal));
    const half = Math.ceil(links.length / 2);
    return new Map([
      ...(await this.#createOrSplit(links.slice(0, half))),
      ...(await this.#createOrSplit(links.slice(half))),
    ]);
  }

  #inputOf(link: MediaLink): Record<string, unknown> {
    const { url, type, types, observationId, isAvailableForPublicUse } = this.#model;
    return {
      id: link.id,
      [observationId]: link.observationId,
      [url]: link.url,
      ...(type && { [type]: types[link.type] ?? link.type }),
      ...(isAvailableForPublicUse && { [isAvailableForPublicUse]: link.isAvailableForPublicUse }),
    };
  }

  /** Whether the URL of one file is at fault: the other values that AppSync coerces are the same for all files. */
  #isAboutUrl({ message = '' }: AppSyncError): boolean {
    if (/null|required|provided|not defined/i.test(message)) return false;
    return /valid URL|AWSURL/i.test(message) || new RegExp(`['."]${this.#model.url}['"]`).test(message);
  }

  #misfit({ message = 'no reason given' }: AppSyncError): RunError {
    const { type, types } = this.#model;
    const sent = Object.entries(types).map(([kind, value]) => value ?? kind);
    return schemaMismatch(
      `AppSync refused the media records: ${message}`,
      type ? ` ${type} is sent as ${sent.join(' for photos and ')} for videos.` : '',
    );
  }

  /** Reads records that exist already: one with the link's values is the link's. The others, each with its reason. */
  async #unconfirmed(links: MediaLink[]): Promise<Map<MediaLink, Open | FileError>> {
    const unconfirmed = new Map<MediaLink, Open | FileError>();
    if (links.length === 0) return unconfirmed;
    const { getQuery, url, observationId } = this.#model;
    const ids = links.map(({ id }) => ({ id }));
    const query = `${getQuery}(id: $id) { url: ${url} observationId: ${observationId} }`;
    const response = await this.#client.request(batch('query', { id: 'ID!' }, ids, query));
    for (const [link, { value, errors }] of resultsOf<MediaLink, Values>(response, links)) {
      const [error] = errors;
      if (error && isOfField(error) && isUnreadable(error)) {
        const what = `, but its values cannot be read: ${error.message}. Correct or remove it in the app.`;
        unconfirmed.set(link, differs(link, what));
      } else if (!value) {
        // Reads are eventually consistent: a record that a create has just met may not be readable yet.
        const reason = { message: 'the record exists but cannot be read yet' };
        unconfirmed.set(link, { again: error ?? response.errors[0] ?? reason });
      } else if (value.url !== link.url || value.observationId !== link.observationId) {
        const found = `(${value.url}, observation ${value.observationId})`;
        const what = ` with other values ${found}. It was not changed; correct or remove it in the app.`;
        unconfirmed.set(link, differs(link, what));
      }
    }
    return unconfirmed;
  }
}

type Values = Pick<MediaLink, 'url' | 'observationId'>;

function isExisting(outcome: Outcome): boolean {
  return outcome === 'found' || outcome === 'unclear';
}

function isOpen(outcome: Outcome): outcome is Open {
  return typeof outcome === 'object' && outcome !== null && 'again' in outcome;
}

class NotAllCreated extends Error {
  readonly errors: AppSyncError[];

  constructor(errors: AppSyncError[]) {
    super(errors[0]?.message ?? 'no reason given');
    this.errors = errors;
  }
}

const retryPolicy: RetryPolicy = error => {
  const again = error instanceof NotAllCreated;
  return {
    again,
    throttled: again && error.errors.every(each => fieldFault(each) === 'throttled'),
    afterMs: null,
  };
};

function refused(link: MediaLink, { errorType, message = 'no reason given' }: AppSyncError): FileError {
  return new FileError(
    'link_refused',
    `${link.fileName}: AppSync refused the media record: ${message.replace(/\.$/, '')}.`,
    {
      everyFile: {
        reason: `AppSync ${errorType || message}`,
        remedy: 'Correct what AppSync reports.',
        isUncertain: !errorType || /Validation|DynamoDbException/.test(errorType),
      },
    },
  );
}

function notCreated(link: MediaLink, { message = 'no reason given' }: AppSyncError): FileError {
  const what = `the media record could not be created: ${message}`;
  return new FileError('link_failed', `${link.fileName}: ${what}.`, { retryable: true });
}

function differs({ id, fileName }: MediaLink, what: string): FileError {
  return new FileError('media_differs', `${fileName}: the media record ${id} exists${what}`);
}
