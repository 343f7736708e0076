import { expect } from 'chai';
import { createUserPool, type UserPool } from '../cognito/user-pool.ts';
import { type AppSync, createAppSync } from './appsync.ts';
import { isAwsUrl } from './scalars.ts';

const page = (field: string, more = '') => `query($limit: Int, $nextToken: String) {
  page: ${field}(${more} limit: $limit, nextToken: $nextToken) { items { id sequentialId } nextToken }
}`;
const LIST = page('listObservations');
const MEDIA = {
  url: 'https://bucket.s3.us-east-1.amazonaws.com/media/obs/1.jpg',
  type: 'PHOTO',
  observationId: 'obs',
  isAvailableForPublicUse: false,
};

interface Refusal {
  message: string;
  errorType?: string;
  path?: unknown;
}

describe('the local AppSync', () => {
  let users: UserPool;
  let api: AppSync;
  let token: string;
  before(async () => {
    users = await createUserPool();
    users.addUser({ username: 'admin@example.com', password: 'Correct-Horse-1', groups: ['ADMINS'] });
    token = users.tokensFor('admin@example.com').IdToken;
  });
  beforeEach(async () => {
    api = await createAppSync({ userPool: users });
  });
  afterEach(() => api.close());
  after(() => users.close());

  // biome-ignore lint/suspicious/noExplicitAny: data takes the shape of its query
  type Answer = { status: number; data: any; errors: Refusal[] };
  const ask = async (query: string, variables: object = {}): Promise<Answer> => {
    const headers = { 'content-type': 'application/json', authorization: token };
    const body = JSON.stringify({ query, variables });
    const response = await fetch(api.endpoint, { method: 'POST', headers, body });
    return {
      status: response.status,
      errors: [],
      ...((await response.json()) as object),
    } as unknown as Answer;
  };

  it('gives a hundred at a time, each once, in no order of theirs, and cuts a page at 1 MB', async () => {
    api.addObservations(Array.from({ length: 20_000 }, (_, index) => index));
    const ids: number[] = [];
    const sizes: number[] = [];
    for (
      let nextToken: string | null = null, limit = 100;
      ids.length === 0 || nextToken !== null;
      limit = 1e5
    ) {
      const { data } = await ask(LIST, { nextToken, limit });
      const items: { sequentialId: number }[] = data.page.items;
      sizes.push(items.length);
      ids.push(...items.map(({ sequentialId }) => sequentialId));
      nextToken = data.page.nextToken;
    }
    expect(sizes[0]).to.equal(100);
    // docs/services.md: 5,721 of 20,003 small items, measured with the resolvers' own templates.
    expect(sizes[1]).to.be.within(5000, 8000);
    expect(new Set(ids).size).to.equal(20_000);
    expect(ids).not.to.deep.equal(ids.toSorted((a, b) => a - b));
  });

  it('takes a token for the query that gave it, and no other', async () => {
    api.addObservations([1, 2, 3].map(() => ({ sequentialId: 7 })));
    const { nextToken } = (await ask(LIST, { limit: 1 })).data.page;
    const byId = page('listObservationBySequentialId', 'sequentialId: 7');
    for (const { data, errors } of [
      await ask(LIST, { nextToken: `${nextToken}AAAA` }),
      await ask(LIST, { nextToken: 'x' }),
      await ask(byId, { nextToken }),
    ]) {
      expect(data.page).to.equal(null);
      expect(errors[0]!.message).to.equal('Invalid pagination token given.');
    }
    expect((await ask(LIST, { limit: 0 })).errors[0]!.message).to.match(/greater than or equal to 1/);
  });

  it('refuses a whole document for one value that does not coerce, before anything runs', async () => {
    const query = `mutation($a: CreateMediaInput!, $b: CreateMediaInput!) {
      a: createMedia(input: $a) { id } b: createMedia(input: $b) { id }
    }`;
    for (const [bad, message] of [
      [{ url: 'https://example.com/a b.jpg' }, /^Variable 'url' has an invalid value/],
      [{ type: 'AUDIO' }, /^Variable 'type' has an invalid value/],
      [{ isAvailableForPublicUse: 'yes' }, /^Variable 'isAvailableForPublicUse' has an invalid value/],
      [{ observationId: undefined }, /has coerced Null/],
      [{ title: 'x' }, /contains a field name 'title' that is not defined/],
    ] as const) {
      const { status, data, errors } = await ask(query, { a: MEDIA, b: { ...MEDIA, ...bad } });
      expect([status, data, errors[0]!.path]).to.deep.equal([200, null, null]);
      expect(errors[0]!.message).to.match(message);
    }
    expect(api.media.size).to.equal(0);
  });

  it('takes as AWSURL what is percent-encoded, absolute and ASCII', () => {
    const good = [
      'https://bucket.s3.us-east-1.amazonaws.com/media/abc/1885-%D7%A7%20a.jpg',
      'http://127.0.0.1:9000/bucket/media/1/5143a%2C5144a.mp4?x=1#f',
      "https://example.com/a+b(1)!'*~.jpg",
      'https://example.com',
    ];
    const bad = [
      ...['', 'media/1.jpg', '//example.com/1.jpg', 'https:///1.jpg', 's3://bucket/1.jpg'],
      ...['a b.jpg', 'ק.jpg', '100%.jpg', '%zz.jpg', 'a//b.jpg', '"x".jpg', 'a\\b.jpg', 'a\n'].map(
        path => `https://example.com/${path}`,
      ),
      ' https://example.com/',
    ];
    expect(good.filter(url => !isAwsUrl(url))).to.deep.equal([]);
    expect(bad.filter(isAwsUrl)).to.deep.equal([]);
  });
});
