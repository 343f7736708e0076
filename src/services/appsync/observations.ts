/** The Observation model as resolve needs it: swept page by page, or asked for some ids through its index. */
import { RunError } from '../../../stages/errors.ts';
import type { Observation, ObservationIndex, ObservationTable } from '../../../stages/observation-finder.ts';
import type { AppSyncClient } from './client.ts';
import { itemOf } from './errors.ts';
import type { Models } from './models.ts';
import { sweep } from './sweep.ts';

/** Index queries in one document. */
const IDS_A_REQUEST = 25;

interface Page {
  items: (Record<string, unknown> | null)[];
  nextToken: string | null;
}

export interface ObservationOptions {
  /** Read along with each observation; null for none. */
  discriminatorField: string | null;
  /** The query of the index on the sequential id; null if there is none. Asked for when it is needed first. */
  indexQuery: () => Promise<string | null>;
}

export class Observations implements ObservationTable {
  readonly #client: AppSyncClient;
  readonly #model: Models['observation'];
  readonly #discriminatorField: string | null;
  readonly #indexQuery: ObservationOptions['indexQuery'];
  #index: Promise<ObservationIndex | null> | null = null;

  constructor(client: AppSyncClient, model: Models['observation'], options: ObservationOptions) {
    this.#client = client;
    this.#model = model;
    this.#discriminatorField = options.discriminatorField;
    this.#indexQuery = options.indexQuery;
  }

  async *sweep(): AsyncGenerator<Observation[]> {
    for await (const items of sweep(this.#client, this.#model.listQuery, this.#fields())) {
      yield this.#observations(items);
    }
  }

  index(): Promise<ObservationIndex | null> {
    this.#index ??= this.#discover();
    return this.#index;
  }

  async #discover(): Promise<ObservationIndex | null> {
    const query = await this.#indexQuery();
    return query === null ? null : { idsARequest: IDS_A_REQUEST, find: ids => this.#find(query, ids) };
  }

  async #find(query: string, ids: number[]): Promise<Observation[]> {
    const found: Observation[] = [];
    let questions: { id: number; nextToken: string | null }[] = ids.map(id => ({ id, nextToken: null }));
    while (questions.length > 0) {
      const asked = questions.slice(0, IDS_A_REQUEST);
      questions = questions.slice(IDS_A_REQUEST);
      const pages = await this.#ask(query, asked);
      asked.forEach(({ id }, index) => {
        const page = pages[`q${index}`]!;
        found.push(...this.#observations(page.items));
        if (page.nextToken) questions.push({ id, nextToken: page.nextToken });
      });
    }
    return found;
  }

  async #ask(
    query: string,
    asked: { id: number; nextToken: string | null }[],
  ): Promise<Record<string, Page>> {
    const parameters = asked.map((_, index) => `$i${index}: Int!, $t${index}: String`).join(', ');
    const fields = asked.map(
      (_, index) =>
        `q${index}: ${query}(${this.#model.sequentialId}: $i${index}, nextToken: $t${index}) { items { ${this.#fields()} } nextToken }`,
    );
    const variables = Object.fromEntries(
      asked.flatMap(({ id, nextToken }, index) => [
        [`i${index}`, id],
        [`t${index}`, nextToken],
      ]),
    );
    const document = `query Find(${parameters}) { ${fields.join('\n')} }`;
    const { data, errors } = await this.#client.readPartly(document, variables);
    const pages = data as Record<string, Page | null>;
    for (const [index, { id }] of asked.entries())
      if (!errors.some(error => itemOf(error)!.list === `q${index}`))
        this.#client.readable(query, this.#nameOf(id));
    for (const error of errors) {
      const { list, index } = itemOf(error)!;
      const { id } = asked[Number(list.slice(1))]!;
      this.#client.unreadable({ name: this.#nameOf(id), query, reason: error.message ?? '' });
      const page = pages[list];
      if (page?.items) page.items[index] = null;
    }
    const empty: Page = { items: [], nextToken: null };
    return Object.fromEntries(asked.map((_, index) => [`q${index}`, pages[`q${index}`] ?? empty]));
  }

  #nameOf(sequentialId: number): string {
    return `${this.#model.sequentialId} ${sequentialId}`;
  }

  #fields(): string {
    return ['id', this.#model.sequentialId, this.#discriminatorField].filter(Boolean).join(' ');
  }

  #observations(items: Page['items']): Observation[] {
    return items.flatMap(item => {
      if (!item) return [];
      const sequentialId = item[this.#model.sequentialId];
      if (typeof item.id !== 'string' || typeof sequentialId !== 'number') throw unexpectedItem(item);
      const discriminator = this.#discriminatorField && item[this.#discriminatorField];
      return [
        {
          id: item.id,
          sequentialId,
          ...(this.#discriminatorField && {
            discriminator: discriminator == null ? null : String(discriminator),
          }),
        },
      ];
    });
  }
}

function unexpectedItem(item: Record<string, unknown>): RunError {
  return new RunError(
    'schema_mismatch',
    `The data service gave an observation without id or sequential id: ${JSON.stringify(item).slice(0, 200)}`,
    'Check that aws.amplify.api_endpoint belongs to the right Amplify project.',
  );
}
