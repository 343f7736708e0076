import { expect } from 'chai';
import { createUserPool, type UserPool } from '../cognito/user-pool.ts';
import { type AppSync, type AppSyncOptions, createAppSync } from './appsync.ts';
import { ask } from './ask.ts';

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

  it('cuts a page at 1 MB, whatever the limit', async () => {
    const api = await start();
    api.addObservations(range(20_000));
    const pages = await pagesOf(api, LIST, { limit: 100_000 });
    // docs/services.md: 5,721 of 20,003 small items, measured with the resolvers' own templates.
    expect(pages[0]!.items.length).to.be.within(5000, 8000);
    expect(new Set(idsOf(pages)).size).to.equal(20_000);
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
      ['{ getMedia { id } }', /WrongType.* @ 'getMedia'$/],
    ];
    for (const [query, message] of rows) {
      const answer = await ask(api, token, query, { u: 'https://example.com/' });
      expect(answer.data).to.equal(null);
      expect(answer.errors[0]!.message).to.match(message);
    }
  });
});
