/** The Media model as link needs it: many creates in one document, each of them safe to repeat. */
import { FileError, type RunError } from '../../../stages/errors.ts';
import type { LinkOutcome, MediaLink, MediaTable } from '../../../stages/link.ts';
import { type Backoff, type RetryPolicy, withRetries } from '../../../stages/retry/backoff.ts';
import type { Answer, AppSyncClient } from './client.ts';
import {
  type AppSyncError,
  fieldFault,
  isConflict,
  isForbidden,
  isOfField,
  isSchemaMismatch,
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
    /** By link: what it will be if it turns out to exist. */
    const existing = new Map<MediaLink, 'found' | 'unclear'>();
    const exists = (result: Outcome) => result === 'conflict' || result === 'repeated conflict';
    let open = new Map<MediaLink, AppSyncError>(links.map(link => [link, {}]));
    const attempt = async (): Promise<void> => {
      const tried = [...open.keys()];
      if (tried.length === 0) return;
      open = new Map();
      const results = await this.#createOrSplit(tried);
      tried.forEach((link, index) => {
        if (!existing.has(link)) existing.set(link, results[index] === 'conflict' ? 'found' : 'unclear');
      });
      const confirmed = await this.#confirm(tried.filter((_, index) => exists(results[index]!)));
      tried.forEach((link, index) => {
        const result = confirmed.get(link) ?? results[index]!;
        if (result instanceof FileError) outcomes.set(link, result);
        else if (typeof result === 'object') open.set(link, result.again);
        else outcomes.set(link, exists(results[index]!) ? existing.get(link)! : null);
      });
      if (open.size > 0) throw new SomeOpen([...open.values()]);
    };
    try {
      await withRetries(attempt, openRetryPolicy, this.#backoff);
    } catch (error) {
      if (!(error instanceof SomeOpen)) throw error;
      for (const [link, reason] of open) outcomes.set(link, exhausted(link, reason));
    }
    return links.map(link => outcomes.get(link) ?? null);
  }

  /** One value that AppSync cannot coerce refuses the whole document: it is halved until the bad record stands alone. */
  async #createOrSplit(links: MediaLink[]): Promise<Outcome[]> {
    const answer = await this.#send(links);
    if (answer.data) return links.map((link, index) => this.#outcome(link, `m${index}`, answer));
    const forbidden = answer.errors.find(isForbidden);
    if (forbidden) throw notAllowed(forbidden);
    const refusal = answer.errors[0] ?? { message: 'no data' };
    if (answer.errors.some(isTemporary)) return links.map(() => ({ again: refusal }));
    if (!answer.errors.some(error => this.#isAboutUrl(error))) throw this.#misfit(answer.errors);
    if (links.length === 1) return [refused(links[0]!, refusal)];
    const half = Math.ceil(links.length / 2);
    return [
      ...(await this.#createOrSplit(links.slice(0, half))),
      ...(await this.#createOrSplit(links.slice(half))),
    ];
  }

  #send(links: MediaLink[]): Promise<Answer> {
    const { createInput, createMutation } = this.#model;
    const parameters = links.map((_, index) => `$i${index}: ${createInput}!`).join(', ');
    const fields = links
      .map((_, index) => `m${index}: ${createMutation}(input: $i${index}) { id }`)
      .join('\n');
    const variables = Object.fromEntries(links.map((link, index) => [`i${index}`, this.#inputOf(link)]));
    return this.#client.request(`mutation Link(${parameters}) { ${fields} }`, variables);
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

  /** An address that AppSync does not take is the one value that differs from file to file and is coerced. */
  #isAboutUrl({ message = '' }: AppSyncError): boolean {
    if (/null|required|provided|not defined/i.test(message)) return false;
    return /valid URL|AWSURL/i.test(message) || new RegExp(`['."]${this.#model.url}['"]`).test(message);
  }

  #misfit(errors: AppSyncError[]): RunError {
    const { type, types } = this.#model;
    const [{ message = 'no reason given' } = {}] = errors;
    const sent = Object.entries(types).map(([kind, value]) => value ?? kind);
    return schemaMismatch(
      `AppSync refused the media records: ${message}`,
      type ? ` ${type} is sent as ${sent.join(' for photos and ')} for videos.` : '',
    );
  }

  #outcome(link: MediaLink, alias: string, { data, errors, isRepeated }: Answer): Outcome {
    if (data![alias]) return 'linked';
    const error = errors.find(({ path }) => path?.[0] === alias) ??
      errors[0] ?? { message: 'no answer for this record' };
    if (isConflict(error)) return isRepeated ? 'repeated conflict' : 'conflict';
    if (isForbidden(error)) throw notAllowed(error);
    if (isSchemaMismatch([error])) throw this.#misfit([error]);
    return isTemporary(error) ? { again: error } : refused(link, error);
  }

  /** A record that exists already is this link's if it says the same. */
  async #confirm(links: MediaLink[]): Promise<Map<MediaLink, Outcome>> {
    const outcomes = new Map<MediaLink, Outcome>();
    if (links.length === 0) return outcomes;
    const parameters = links.map((_, index) => `$i${index}: ID!`).join(', ');
    const fields = links.map(
      (_, index) =>
        `m${index}: ${this.#model.getQuery}(id: $i${index}) { url: ${this.#model.url} observationId: ${this.#model.observationId} }`,
    );
    const variables = Object.fromEntries(links.map(({ id }, index) => [`i${index}`, id]));
    const { data, errors } = await this.#client.request(
      `query Confirm(${parameters}) { ${fields.join('\n')} }`,
      variables,
    );
    links.forEach((link, index) => {
      const existing = data?.[`m${index}`] as { url: string; observationId: string } | null | undefined;
      const error = errors.find(({ path }) => path?.[0] === `m${index}`);
      if (error && isOfField(error) && fieldFault(error) === 'refused' && !isForbidden(error)) {
        outcomes.set(link, unreadable(link, error));
      } else if (!existing) {
        // Reads are eventually consistent: what a create has just met may not be readable yet.
        outcomes.set(link, {
          again: error ?? errors[0] ?? { message: 'the record exists but cannot be read yet' },
        });
      } else if (existing.url === link.url && existing.observationId === link.observationId) {
        outcomes.set(link, 'linked');
      } else {
        outcomes.set(link, differs(link, existing));
      }
    });
    return outcomes;
  }
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

function isTemporary(error: AppSyncError): boolean {
  return fieldFault(error) !== 'refused';
}

function refused(link: MediaLink, error: AppSyncError): FileError {
  const { errorType, message = 'no reason given' } = error;
  return new FileError(
    'link_refused',
    `${link.fileName}: the data service refused the media record: ${message}.`,
    {
      everyFile: {
        reason: `AppSync ${errorType || message}`,
        remedy: 'Correct what the data service complains of.',
        isUncertain: !errorType || /Validation|DynamoDbException/.test(errorType),
      },
    },
  );
}

function exhausted(link: MediaLink, error: AppSyncError): FileError {
  return new FileError(
    'link_failed',
    `${link.fileName}: the media record could not be created: ${error.message ?? 'no reason given'}.`,
    {
      retryable: true,
    },
  );
}

function unreadable(link: MediaLink, { message }: AppSyncError): FileError {
  return new FileError(
    'media_differs',
    `${link.fileName}: the media record ${link.id} exists, but its values cannot be read: ${message}. Correct or remove it in the app.`,
  );
}

function differs(link: MediaLink, existing: { url: string; observationId: string }): FileError {
  return new FileError(
    'media_differs',
    `${link.fileName}: the media record ${link.id} exists with other values (${existing.url}, observation ${existing.observationId}). It was not changed; correct or remove it in the app.`,
  );
}
