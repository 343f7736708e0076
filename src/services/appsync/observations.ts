/** The Observation model as resolve needs it: swept page by page, or asked for some ids through its index. */
import { RunError } from '../../../stages/errors.ts';
import type { Observation, ObservationIndex, ObservationTable } from '../../../stages/observation-finder.ts';
import { lazy } from '../lazy.ts';
import { type AppSyncClient, batch, resultsOf } from './client.ts';
import { itemOf } from './errors.ts';
import type { Models } from './models.ts';
import { type Page, sweep } from './sweep.ts';

const IDS_PER_REQUEST = 25;

interface OpenLookup {
  id: number;
  /** The token of the next page; null at first. */
  token: string | null;
}

interface ObservationOptions {
  /** Read along with each observation; null for none. */
  discriminatorField: string | null;
  /** The query of the index on the sequential id; null if there is none. Called when it is first needed. */
  indexQuery: () => Promise<string | null>;
}

export class Observations implements ObservationTable {
  readonly #client: AppSyncClient;
  readonly #model: Models['observation'];
  readonly #options: ObservationOptions;

  constructor(client: AppSyncClient, model: Models['observation'], options: ObservationOptions) {
    this.#client = client;
    this.#model = model;
    this.#options = options;
  }

  async *sweep(): AsyncGenerator<Observation[]> {
    for await (const { items } of sweep(this.#client, this.#model.listQuery, this.#fields)) {
      yield this.#observations(items);
    }
  }

  readonly index = lazy(async (): Promise<ObservationIndex | null> => {
    const query = await this.#options.indexQuery();
    return query === null ? null : { idsPerRequest: IDS_PER_REQUEST, find: ids => this.#find(query, ids) };
  });

  async #find(query: string, ids: number[]): Promise<Observation[]> {
    const { sequentialId } = this.#model;
    const types = { id: 'Int!', token: 'String' };
    const lookup = `${query}(${sequentialId}: $id, nextToken: $token) { items { ${this.#fields} } nextToken }`;
    const found: Observation[] = [];
    const open: OpenLookup[] = ids.map(id => ({ id, token: null }));
    while (open.length > 0) {
      const asked = open.splice(0, IDS_PER_REQUEST);
      const response = await this.#client.readPartly(batch('query', types, asked, lookup));
      for (const [{ id }, { value, errors }] of resultsOf<OpenLookup, Page>(response, asked)) {
        const name = `${sequentialId} ${id}`;
        for (const { message: reason = '' } of errors) this.#client.unreadable.add({ name, query, reason });
        if (errors.length === 0) this.#client.unreadable.settle(query, name);
        const unread = errors.map(itemOf);
        found.push(...this.#observations((value?.items ?? []).filter((_, item) => !unread.includes(item))));
        if (value?.nextToken) open.push({ id, token: value.nextToken });
      }
    }
    return found;
  }

  get #fields(): string {
    return ['id', this.#model.sequentialId, this.#options.discriminatorField].filter(Boolean).join(' ');
  }

  #observations(items: Page['items']): Observation[] {
    const { discriminatorField } = this.#options;
    return items.flatMap(item => {
      if (!item) return [];
      const sequentialId = item[this.#model.sequentialId];
      if (typeof item.id !== 'string' || typeof sequentialId !== 'number')
        throw new RunError(
          'schema_mismatch',
          `AppSync returned an observation without id or sequential id: ${JSON.stringify(item).slice(0, 200)}`,
          'Check that aws.amplify.api_endpoint belongs to the right Amplify project.',
        );
      if (!discriminatorField) return [{ id: item.id, sequentialId }];
      const value = item[discriminatorField];
      return [{ id: item.id, sequentialId, discriminator: value == null ? null : String(value) }];
    });
  }
}
