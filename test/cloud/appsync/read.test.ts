import { expect } from 'chai';
import { createUserPool, type UserPool } from '../cognito/user-pool.ts';
import { type AppSync, type AppSyncOptions, createAppSync } from './appsync.ts';
import { ask, CREATE_MEDIA, mediaInput } from './ask.ts';

const LIST = `query($filter: ModelObservationFilterInput, $limit: Int, $nextToken: String) {
  page: listObservations(filter: $filter, limit: $limit, nextToken: $nextToken) {
    items { id sequentialId } nextToken
  }
}`;
const BY_ID = `query($sequentialId: Int!, $limit: Int, $nextToken: String) {
  page: listObservationBySequentialId(sequentialId: $sequentialId, limit: $limit, nextToken: $nextToken) {
    items { id sequentialId } nextToken
  }
}`;

describe('local AppSync: reading', () => {
  const apis: AppSync[] = [];
  let users: UserPool;
  let token: string;
  const start = async (options: Partial<AppSyncOptions> = {}): Promise<AppSync> => {
    const api = await createAppSync({ userPool: users, ...options });
    apis.push(api);
    return api;
  };
  before(async () => {
    users = await createUserPool();
    users.addUser({ username: 'admin@example.com', password: 'Correct-Horse-1', groups: ['ADMINS'] });
    token = users.tokensFor('admin@example.com').IdToken;
  });
  after(() => Promise.all([users, ...apis].map(each => each.close())));

  type Page = { items: { id: string; sequentialId: number }[]; nextToken: string | null };
  const pagesOf = async (
    api: AppSync,
    query: string,
    variables: Record<string, unknown>,
  ): Promise<Page[]> => {
    const pages: Page[] = [];
    for (let nextToken: string | null = null; ; ) {
      const { data, errors } = await ask(api, token, query, { ...variables, nextToken });
      expect(errors).to.deep.equal([]);
      pages.push(data.page);
      nextToken = data.page.nextToken;
      if (nextToken === null) return pages;
    }
  };
  const idsOf = (pages: Page[]) => pages.flatMap(page => page.items.map(item => item.sequentialId));
  const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it('gives a hundred at a time, each once, in no order of theirs', async () => {
    const api = await start();
    api.addObservations(range(250));
    const pages = await pagesOf(api, LIST, {});
    expect(pages.map(page => page.items.length)).to.deep.equal([100, 100, 50]);
    const ids = idsOf(pages);
    expect(ids.toSorted((a, b) => a - b)).to.deep.equal(range(250));
    expect(ids).not.to.deep.equal(range(250));
  });

  it('cuts a page first and filters it then, so that a page may be empty and not the last', async () => {
    const api = await start();
    api.addObservations(range(300));
    const pages = await pagesOf(api, LIST, { filter: { sequentialId: { eq: 123 } } });
    expect(pages.map(page => page.items.length).toSorted()).to.deep.equal([0, 0, 0, 1]);
    expect(idsOf(pages)).to.deep.equal([123]);
  });

  it('names a next page when the last one ends at the limit', async () => {
    const api = await start();
    api.addObservations(range(4));
    const pages = await pagesOf(api, LIST, { limit: 2 });
    expect(pages.map(page => page.items.length)).to.deep.equal([2, 2, 0]);
  });

  it('cuts a page at 1 MB, whatever the limit', async () => {
    const api = await start();
    api.addObservations(range(20_000));
    const pages = await pagesOf(api, LIST, { limit: 100_000 });
    // docs/services.md: 5,721 of 20,003 small items, measured with the resolvers' own templates.
    expect(pages[0]!.items.length).to.be.within(5000, 8000);
    expect(new Set(idsOf(pages)).size).to.equal(20_000);
  });

  it('keeps its place in the list while records come and go', async () => {
    const api = await start();
    const seeded = api.addObservations(range(60));
    const first = (await ask(api, token, LIST, { limit: 20 })).data.page as Page;
    const gone = first.items.at(-1)!.id;
    await ask(api, token, `mutation { deleteObservation(input: {id: "${gone}"}) { id } }`);
    api.addObservations(range(160).slice(60));
    const all = await pagesOf(api, LIST, { limit: 500 });
    const { data } = await ask(api, token, LIST, { limit: 500, nextToken: first.nextToken });
    const seen = new Set([...first.items, ...(data.page as Page).items].map(item => item.id));
    expect(seeded.every(item => seen.has(item.id))).to.equal(true);
    expect(first.items.length + data.page.items.length).to.equal(seen.size);
    expect(idsOf(all)).to.have.length(159);
  });

  it('takes a token for the query that gave it, and no other', async () => {
    const api = await start();
    api.addObservations([1, 2, 3].map(() => ({ sequentialId: 7 })));
    const { nextToken } = (await ask(api, token, LIST, { limit: 1 })).data.page as Page;
    const bad = `${nextToken!.slice(0, -4)}AAAA`;
    const refused = [
      await ask(api, token, LIST, { nextToken: bad }),
      await ask(api, token, LIST, { nextToken: 'x' }),
      await ask(api, token, BY_ID, { sequentialId: 7, nextToken }),
      await ask(await start(), token, LIST, { nextToken }),
    ];
    for (const { data, errors } of refused) {
      expect(data.page).to.equal(null);
      expect(errors[0]!.message).to.equal('Invalid pagination token given.');
    }
    expect((await ask(api, token, LIST, { limit: 0 })).errors[0]!.message).to.match(
      /greater than or equal to 1/,
    );
  });

  it('finds all observations of a sequential id through the index, page by page', async () => {
    const api = await start();
    api.addObservations([...range(50), ...range(5).map(() => ({ sequentialId: 7, countryId: 'IL' }))]);
    const pages = await pagesOf(api, BY_ID, { sequentialId: 7, limit: 4 });
    expect(pages.map(page => page.items.length)).to.deep.equal([4, 2]);
    expect(idsOf(pages)).to.deep.equal([7, 7, 7, 7, 7, 7]);
    expect(idsOf(await pagesOf(api, BY_ID, { sequentialId: 99 }))).to.deep.equal([]);
  });

  it('has no such query without the index', async () => {
    const api = await start({ index: false });
    const { status, data, errors } = await ask(api, token, BY_ID, { sequentialId: 7 });
    expect([status, data]).to.deep.equal([200, null]);
    expect(errors[0]!.message).to.equal(
      "Validation error of type FieldUndefined: Field 'listObservationBySequentialId' in type 'Query' is undefined @ 'listObservationBySequentialId'",
    );
    expect(errors[0]!.path).to.equal(null);
  });

  it('says of a document what is wrong with it, in the words of graphql-java', async () => {
    const api = await start();
    const rows: [string, RegExp][] = [
      [
        '{ listMedia { items { title } } }',
        /FieldUndefined: Field 'title' in type 'Media' .* @ 'listMedia\/items\/title'$/,
      ],
      [
        'query($u: AWSUrl!) { listMedia(filter: {url: {eq: $u}}) { nextToken } }',
        /UnknownType: Unknown type AWSUrl/,
      ],
      [
        'query($u: AWSURL!) { listMedia(filter: {url: {eq: $u}}) { nextToken } }',
        /VariableTypeMismatch: .*'AWSURL!'.*'String'/,
      ],
      ['{ listMedia(first: 5) { nextToken } }', /UnknownArgument/],
      ['{ getMedia { id } }', /MissingFieldArgument: Missing field argument id @ 'getMedia'/],
      ['{ listMedia }', /SubSelectionRequired/],
    ];
    for (const [query, message] of rows) {
      const answer = await ask(api, token, query, { u: 'https://example.com/' });
      expect(answer.data).to.equal(null);
      expect(answer.errors[0]!.message).to.match(message);
    }
  });

  it('joins media and observations', async () => {
    const api = await start();
    const [observation] = api.addObservations([{ sequentialId: 5, species: 'Vulpes vulpes' }]);
    for (let count = 0; count < 3; count++) {
      await ask(api, token, CREATE_MEDIA, { input: mediaInput({ observationId: observation!.id }) });
    }
    await ask(api, token, CREATE_MEDIA, { input: mediaInput({ id: 'stray', observationId: 'nowhere' }) });
    const query = `query($id: ID!) {
      getObservation(id: $id) { media(limit: 2) { items { observation { species } } nextToken } }
      getMedia(id: "stray") { observation { id } }
    }`;
    const { data } = await ask(api, token, query, { id: observation!.id });
    const { items, nextToken } = data.getObservation.media;
    expect(items).to.deep.equal(Array(2).fill({ observation: { species: 'Vulpes vulpes' } }));
    expect(nextToken).to.be.a('string');
    expect(data.getMedia).to.deep.equal({ observation: null });
  });

  it('can be asked for its schema, unless that is switched off', async () => {
    const query =
      '{ __type(name: "CreateMediaInput") { inputFields { name type { kind ofType { name } } } } }';
    const { data } = await ask(await start(), token, query);
    expect(data.__type.inputFields[0]).to.deep.equal({
      name: 'url',
      type: { kind: 'NON_NULL', ofType: { name: 'AWSURL' } },
    });
    const closed = await ask(await start({ introspection: false }), token, query);
    expect(closed.data).to.equal(null);
  });

  it('refuses a document that is too long to be meant', async () => {
    const fields = range(4000).map(index => `a${index}: getMedia(id: "x") { id }`);
    const { status } = await ask(await start(), token, `{ ${fields.join(' ')} }`);
    expect(status).to.equal(400);
  });
});
