/** The Observation model as resolve needs it: swept page by page, or asked for some ids through its index. */
import { RunError } from '../../../stages/errors.ts';
import type { Observation, ObservationIndex, ObservationTable } from '../../../stages/observation-finder.ts';
import { once } from '../once.ts';
import { batch, resultsOf } from './batch.ts';
import type { AppSyncClient } from './client.ts';
import { itemOf } from './errors.ts';
import type { Models } from './models.ts';
import { type Page, sweep } from './sweep.ts';

const IDS_PER_REQUEST = 25;

interface ObservationOptions {
  /** Read along with each observation; null for none. */
  discriminatorField: string | null;
  /** The query of the index on the sequential id; null if there is none. Called when it is first needed. */
  indexQuery: () => Promise<string | null>;
}

type PageRequest = { id: number; token: string | null };

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
    for await (const items of sweep(this.#client, this.#model.listQuery, this.#fields)) {
      yield this.#observations(items);
    }
  }

  readonly index = once(async (): Promise<ObservationIndex | null> => {
    const query = await this.#options.indexQuery();
    return query === null ? null : { idsPerRequest: IDS_PER_REQUEST, find: ids => this.#find(query, ids) };
  });

  async #find(query: string, ids: number[]): Promise<Observation[]> {
    const found: Observation[] = [];
    const open: PageRequest[] = ids.map(id => ({ id, token: null }));
    while (open.length > 0) {
      const asked = open.splice(0, IDS_PER_REQUEST);
      const pages = await this.#pages(query, asked);
      for (const [index, { items, nextToken }] of pages.entries()) {
        found.push(...this.#observations(items));
        if (nextToken) open.push({ id: asked[index]!.id, token: nextToken });
      }
    }
    return found;
  }

  /** One page for each request, without the records that AppSync cannot return. */
  async #pages(query: string, asked: PageRequest[]): Promise<Page[]> {
    const { sequentialId } = this.#model;
    const field = ({ id, token }: Record<'id' | 'token', string>) =>
      `${query}(${sequentialId}: ${id}, nextToken: ${token}) { items { ${this.#fields} } nextToken }`;
    const document = batch('query', { id: 'Int!', token: 'String' }, asked, field);
    const response = await this.#client.readPartly(document);
    return resultsOf<Page>(response, asked).map(({ value, errors }, index) => {
      const page = value ?? { items: [], nextToken: null };
      const name = `${sequentialId} ${asked[index]!.id}`;
      for (const error of errors) {
        this.#client.unreadable({ name, query, reason: error.message ?? '' });
        page.items[itemOf(error)!] = null;
      }
      if (errors.length === 0) this.#client.readable(query, name);
      return page;
    });
  }

  get #fields(): string {
    return ['id', this.#model.sequentialId, this.#options.discriminatorField].filter(Boolean).join(' ');
  }

  #observations(items: Page['items']): Observation[] {
    const { discriminatorField } = this.#options;
    return items.flatMap(item => {
      if (!item) return [];
      const sequentialId = item[this.#model.sequentialId];
      if (typeof item.id !== 'string' || typeof sequentialId !== 'number') throw unexpectedItem(item);
      if (!discriminatorField) return [{ id: item.id, sequentialId }];
      const value = item[discriminatorField];
      return [{ id: item.id, sequentialId, discriminator: value == null ? null : String(value) }];
    });
  }
}

function unexpectedItem(item: Record<string, unknown>): RunError {
  return new RunError(
    'schema_mismatch',
    `AppSync returned an observation without id or sequential id: ${JSON.stringify(item).slice(0, 200)}`,
    'Check that aws.amplify.api_endpoint belongs to the right Amplify project.',
  );
}
