/** The Observation model as resolve needs it: swept page by page, or asked for some ids through its index. */
import { RunError } from '../../stages/errors.ts';
import type { Observation, ObservationIndex, ObservationTable } from '../../stages/observation-finder.ts';
import type { AppSyncClient } from './client.ts';
import type { Models } from './models.ts';
import { sweep } from './sweep.ts';

/** Index queries in one document. */
const IDS_A_REQUEST = 25;

interface Page {
  items: (Record<string, unknown> | null)[];
  nextToken: string | null;
}

interface Field {
  name: string;
  type: { name: string | null };
  args: { name: string; type: { kind: string; ofType: { name: string | null } | null } }[];
}

export class Observations implements ObservationTable {
  readonly #client: AppSyncClient;
  readonly #model: Models['observation'];
  readonly #discriminatorField: string | null;
  #index: Promise<ObservationIndex | null> | null = null;

  constructor(client: AppSyncClient, models: Models, discriminatorField: string | null) {
    this.#client = client;
    this.#model = models.observation;
    this.#discriminatorField = discriminatorField;
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

  /** Amplify names an index' query after its fields, or as the project says; the schema knows. */
  async #discover(): Promise<ObservationIndex | null> {
    const { indexQuery } = this.#model;
    if (indexQuery) return { idsARequest: IDS_A_REQUEST, find: ids => this.#find(indexQuery, ids) };
    const { data } = await this.#client.request(
      '{ __schema { queryType { fields { name type { name } args { name type { kind ofType { name } } } } } } }',
    );
    const schema = data?.__schema as { queryType: { fields: Field[] } } | undefined;
    const query = schema?.queryType.fields.find(field => this.#isIndexQuery(field));
    if (!query) return null;
    return { idsARequest: IDS_A_REQUEST, find: ids => this.#find(query.name, ids) };
  }

  #isIndexQuery(field: Field): boolean {
    const { name, sequentialId } = this.#model;
    if (field.type.name !== `Model${name}Connection`) return false;
    const required = field.args.filter(({ type }) => type.kind === 'NON_NULL');
    return (
      required.length === 1 && required[0]!.name === sequentialId && required[0]!.type.ofType?.name === 'Int'
    );
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
    const data = await this.#client.read(`query Find(${parameters}) { ${fields.join('\n')} }`, variables);
    return data as Record<string, Page>;
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
