/** Looking at media records that are there, and removing them: what `verify`, `undo` and `--skip-existing` need. */
import { RunError } from '../../../stages/errors.ts';
import type { AppSyncClient } from './client.ts';
import { isConflict, isForbidden, isOfField, notAllowed } from './errors.ts';
import type { Models } from './models.ts';
import { sweep } from './sweep.ts';

/** A media record as the data service has it. */
export interface MediaRecord {
  id: string;
  url: string;
  observationId: string;
}

const RECORDS_A_REQUEST = 50;
const DELETES_A_REQUEST = 25;

export class MediaRecords {
  readonly #client: AppSyncClient;
  readonly #models: Models['media'];
  /** Ids of the records that exist, but that the service could not give so far. */
  readonly unreadable = new Set<string>();

  constructor(client: AppSyncClient, models: Models) {
    this.#client = client;
    this.#models = models.media;
  }

  #fields(): string {
    return `id url: ${this.#models.url} observationId: ${this.#models.observationId}`;
  }

  /** The whole table, page by page; pages may be empty, and a record may come twice. Throws RunError. */
  async *sweep(): AsyncGenerator<MediaRecord[]> {
    for await (const items of sweep(this.#client, this.#models.listQuery, this.#fields(), ({ name }) =>
      this.unreadable.add(name),
    )) {
      yield items as unknown as MediaRecord[];
    }
  }

  /** The observations that the whole table points to, page by page; one may come many times. Throws RunError. */
  async *sweepObservationIds(): AsyncGenerator<string[]> {
    const { listQuery, observationId } = this.#models;
    for await (const items of sweep(this.#client, listQuery, observationId)) {
      // A record that somebody has cut loose from its observation has none.
      yield items.map(item => item[observationId]).filter(id => typeof id === 'string');
    }
  }

  /** The records with these ids; ids without one are absent, and those of unreadable ones. Throws RunError. */
  async find(ids: string[]): Promise<Map<string, MediaRecord>> {
    const found = new Map<string, MediaRecord>();
    for (let start = 0; start < ids.length; start += RECORDS_A_REQUEST) {
      const asked = ids.slice(start, start + RECORDS_A_REQUEST);
      const parameters = asked.map((_, index) => `$i${index}: ID!`).join(', ');
      const fields = asked.map(
        (_, index) => `m${index}: ${this.#models.getQuery}(id: $i${index}) { ${this.#fields()} }`,
      );
      const variables = Object.fromEntries(asked.map((id, index) => [`i${index}`, id]));
      const { data, errors } = await this.#client.readPartly(
        `query FindMedia(${parameters}) { ${fields.join('\n')} }`,
        variables,
        isOfField,
      );
      for (const [alias, reason] of new Map(errors.map(({ path, message }) => [path![0], message ?? '']))) {
        const name = asked[Number(String(alias).slice(1))]!;
        this.unreadable.add(name);
        this.#client.unreadable({ name, query: this.#models.getQuery, reason });
      }
      for (const record of Object.values(data) as (MediaRecord | null)[])
        if (record && !this.unreadable.has(record.id)) found.set(record.id, record);
    }
    return found;
  }

  /** Removes the records; those that are gone already are no error. Throws RunError for any other failure. */
  async remove(ids: string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += DELETES_A_REQUEST) {
      const asked = ids.slice(start, start + DELETES_A_REQUEST);
      const parameters = asked.map((_, index) => `$i${index}: ${this.#models.deleteInput}!`).join(', ');
      const fields = asked.map(
        (_, index) => `m${index}: ${this.#models.deleteMutation}(input: $i${index}) { id }`,
      );
      const variables = Object.fromEntries(asked.map((id, index) => [`i${index}`, { id }]));
      const document = `mutation Unlink(${parameters}) { ${fields.join('\n')} }`;
      const failure = await this.#client.repeat(document, variables, isConflict);
      if (!failure) continue;
      if (isForbidden(failure)) throw notAllowed(failure);
      throw new RunError(
        'media_not_removed',
        `A media record could not be removed: ${failure.message ?? 'no reason given'}.`,
        'Run the command again; what is removed stays removed.',
      );
    }
  }
}
