/** Reads and removes existing media records: for `verify`, `undo` and `--skip-existing`. */
import { RunError } from '../../../stages/errors.ts';
import { type AppSyncClient, batch, resultsOf } from './client.ts';
import { isConflict, isForbidden, isOfField, notAllowed } from './errors.ts';
import type { Models } from './models.ts';
import { sweep } from './sweep.ts';

export interface MediaRecord {
  id: string;
  url: string;
  observationId: string;
}

const RECORDS_PER_REQUEST = 50;
const DELETES_PER_REQUEST = 25;

export class MediaRecords {
  readonly #client: AppSyncClient;
  readonly #model: Models['media'];
  /** Ids of records that exist, but that AppSync could not return so far. */
  readonly unreadable = new Set<string>();

  constructor(client: AppSyncClient, models: Models) {
    this.#client = client;
    this.#model = models.media;
  }

  get #fields(): string {
    return `id url: ${this.#model.url} observationId: ${this.#model.observationId}`;
  }

  /** The whole table, page by page; pages may be empty, and a record may come twice. Throws RunError. */
  async *sweep(): AsyncGenerator<MediaRecord[]> {
    for await (const { items, unreadable } of sweep(this.#client, this.#model.listQuery, this.#fields)) {
      for (const id of unreadable) this.unreadable.add(id);
      yield items as unknown as MediaRecord[];
    }
  }

  /** The observations that the whole table points to, page by page; one may come many times. Throws RunError. */
  async *sweepObservationIds(): AsyncGenerator<string[]> {
    const { listQuery, observationId } = this.#model;
    for await (const { items } of sweep(this.#client, listQuery, observationId)) {
      // A record that was detached from its observation in the app has none.
      yield items.map(item => item[observationId]).filter(id => typeof id === 'string');
    }
  }

  /** The records with these ids; missing and unreadable ones are absent. Throws RunError. */
  async find(ids: string[]): Promise<Map<string, MediaRecord>> {
    const found = new Map<string, MediaRecord>();
    const { getQuery } = this.#model;
    for (const asked of chunksOf(ids, RECORDS_PER_REQUEST)) {
      const query = `${getQuery}(id: $id) { ${this.#fields} }`;
      const request = batch(
        'query',
        { id: 'ID!' },
        asked.map(id => ({ id })),
        query,
      );
      const response = await this.#client.readPartly(request, isOfField);
      for (const [name, { value, errors }] of resultsOf<string, MediaRecord>(response, asked)) {
        const error = errors.at(-1);
        if (!error && value) found.set(name, value);
        if (!error) continue;
        this.unreadable.add(name);
        this.#client.unreadable.add({ name, query: getQuery, reason: error.message ?? '' });
      }
    }
    return found;
  }

  /** Removes the records; those that are gone already are no error. Throws RunError for any other failure. */
  async remove(ids: string[]): Promise<void> {
    const { deleteInput, deleteMutation } = this.#model;
    for (const asked of chunksOf(ids, DELETES_PER_REQUEST)) {
      const inputs = asked.map(id => ({ input: { id } }));
      const mutation = `${deleteMutation}(input: $input) { id }`;
      const request = batch('mutation', { input: `${deleteInput}!` }, inputs, mutation);
      const failure = await this.#client.repeat(request, isConflict);
      if (!failure) continue;
      if (isForbidden(failure)) throw notAllowed(failure);
      throw new RunError(
        'media_not_removed',
        `A media record could not be removed: ${failure.message ?? 'no reason given'}.`,
        'Run the command again; records that were removed stay removed.',
      );
    }
  }
}

function* chunksOf<T>(items: T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
