/** The Media model as link needs it: many creates in one document, each of them safe to repeat. */
import { FileError, type RunError } from '../../../stages/errors.ts';
import type { LinkOutcome, MediaLink, MediaTable } from '../../../stages/link.ts';
import { type Backoff, type RetryPolicy, withRetries } from '../../../stages/retry/backoff.ts';
import { aliasOf, batch } from './batch.ts';
import type { AppSyncClient, DataResponse } from './client.ts';
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

/** What became of a create: it exists, may be tried again, exists already with values to be looked at, or failed. */
type Outcome = 'linked' | 'conflict' | 'repeated conflict' | { again: AppSyncError } | FileError;

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
    const outcomes = new Map<MediaLink, LinkOutcome>();
    /** What a link will be if its record turns out to exist: its first attempt decides. */
    const existing = new Map<MediaLink, 'found' | 'unclear'>();
    let open = new Map<MediaLink, AppSyncError>(links.map(link => [link, {}]));
    const attempt = async (): Promise<void> => {
      const tried = [...open.keys()];
      if (tried.length === 0) return;
      open = new Map();
      const created = await this.#createOrSplit(tried);
      tried.forEach((link, index) => {
        if (!existing.has(link)) existing.set(link, created[index] === 'conflict' ? 'found' : 'unclear');
      });
      const conflicts = tried.filter((_, index) => isExisting(created[index]!));
      const confirmed = await this.#confirm(conflicts);
      for (const [index, link] of tried.entries()) {
        const result = confirmed.get(link) ?? created[index]!;
        if (result instanceof FileError) outcomes.set(link, result);
        else if (typeof result === 'object') open.set(link, result.again);
        else outcomes.set(link, isExisting(created[index]!) ? existing.get(link)! : null);
      }
      if (open.size > 0) throw new SomeOpen([...open.values()]);
    };
    try {
      await withRetries(attempt, openRetryPolicy, this.#backoff);
    } catch (error) {
      if (!(error instanceof SomeOpen)) throw error;
      for (const [link, reason] of open) outcomes.set(link, notCreated(link, reason));
    }
    return links.map(link => outcomes.get(link) ?? null);
  }

  /** One value that AppSync cannot coerce refuses the whole document: it is halved until the bad record is alone. */
  async #createOrSplit(links: MediaLink[]): Promise<Outcome[]> {
    const response = await this.#createAll(links);
    const { data, errors } = response;
    if (data) return links.map((link, index) => this.#outcome(link, aliasOf(index), response));
    const forbidden = errors.find(isForbidden);
    if (forbidden) throw notAllowed(forbidden);
    const refusal = errors[0] ?? { message: 'no data' };
    if (errors.some(isTemporary)) return links.map(() => ({ again: refusal }));
    if (!errors.some(error => this.#isAboutUrl(error))) throw this.#misfit(refusal);
    if (links.length === 1) return [refused(links[0]!, refusal)];
    const half = Math.ceil(links.length / 2);
    return [
      ...(await this.#createOrSplit(links.slice(0, half))),
      ...(await this.#createOrSplit(links.slice(half))),
    ];
  }

  #createAll(links: MediaLink[]): Promise<DataResponse> {
    const { createInput, createMutation } = this.#model;
    const inputs = links.map(link => ({ i: this.#inputOf(link) }));
    const field = ({ i }: { i: string }) => `${createMutation}(input: ${i}) { id }`;
    return this.#client.request(batch('mutation', { i: `${createInput}!` }, inputs, field));
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

  /** Of the coerced values only the URL differs from file to file. */
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

  #outcome(link: MediaLink, alias: string, { data, errors, isRepeated }: DataResponse): Outcome {
    if (data![alias]) return 'linked';
    const own = errors.find(({ path }) => path?.[0] === alias);
    const error = own ?? errors[0] ?? { message: 'no response for this record' };
    if (isConflict(error)) return isRepeated ? 'repeated conflict' : 'conflict';
    if (isForbidden(error)) throw notAllowed(error);
    if (isSchemaMismatch([error])) throw this.#misfit(error);
    return isTemporary(error) ? { again: error } : refused(link, error);
  }

  /** Reads records that exist already: one with the link's values is the link's. */
  async #confirm(links: MediaLink[]): Promise<Map<MediaLink, Outcome>> {
    if (links.length === 0) return new Map();
    const { getQuery, url, observationId } = this.#model;
    const inputs = links.map(({ id }) => ({ i: id }));
    const field = ({ i }: { i: string }) =>
      `${getQuery}(id: ${i}) { url: ${url} observationId: ${observationId} }`;
    const { data, errors } = await this.#client.request(batch('query', { i: 'ID!' }, inputs, field));
    const outcomeOf = (link: MediaLink, alias: string): Outcome => {
      const existing = data?.[alias] as { url: string; observationId: string } | null | undefined;
      const error = errors.find(({ path }) => path?.[0] === alias);
      if (error && isOfField(error) && isUnreadable(error)) return unreadable(link, error);
      if (existing)
        return existing.url === link.url && existing.observationId === link.observationId
          ? 'linked'
          : differs(link, existing);
      // Reads are eventually consistent: a record that a create has just met may not be readable yet.
      return { again: error ?? errors[0] ?? { message: 'the record exists but cannot be read yet' } };
    };
    return new Map(links.map((link, index) => [link, outcomeOf(link, aliasOf(index))]));
  }
}

function isExisting(outcome: Outcome): boolean {
  return outcome === 'conflict' || outcome === 'repeated conflict';
}

/** Some links could not be created yet. */
class SomeOpen extends Error {
  readonly errors: AppSyncError[];

  constructor(errors: AppSyncError[]) {
    super(errors[0]?.message ?? 'no reason given');
    this.errors = errors;
  }
}

const openRetryPolicy: RetryPolicy = error => ({
  again: error instanceof SomeOpen,
  throttled: error instanceof SomeOpen && error.errors.every(each => fieldFault(each) === 'throttled'),
  afterMs: null,
});

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

function unreadable(link: MediaLink, { message }: AppSyncError): FileError {
  const what = `but its values cannot be read: ${message}. Correct or remove it in the app.`;
  return new FileError('media_differs', `${link.fileName}: the media record ${link.id} exists, ${what}`);
}

function differs(link: MediaLink, { url, observationId }: { url: string; observationId: string }): FileError {
  const what = `with other values (${url}, observation ${observationId}). It was not changed; correct or remove it in the app.`;
  return new FileError('media_differs', `${link.fileName}: the media record ${link.id} exists ${what}`);
}
