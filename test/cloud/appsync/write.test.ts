import { expect } from 'chai';
import { createUserPool, type UserPool } from '../cognito/user-pool.ts';
import { type AppSync, createAppSync } from './appsync.ts';
import { ask, CREATE_MEDIA, mediaInput } from './ask.ts';
import { isAwsUrl } from './scalars.ts';

describe('local AppSync: writing', () => {
  const now = () => Date.parse('2026-01-05T10:00:00Z');
  const apis: AppSync[] = [];
  let users: UserPool;
  let token: string;
  let api: AppSync;
  const start = async (staleReads = 0): Promise<AppSync> => {
    const started = await createAppSync({ userPool: users, staleReads, now });
    apis.push(started);
    return started;
  };
  before(async () => {
    users = await createUserPool();
    users.addUser({ username: 'admin@example.com', password: 'Correct-Horse-1', groups: ['ADMINS'] });
    token = users.tokensFor('admin@example.com').AccessToken;
  });
  beforeEach(async () => {
    api = await start();
  });
  after(() => Promise.all([users, ...apis].map(each => each.close())));

  const create = (change: Record<string, unknown>) =>
    ask(api, token, CREATE_MEDIA, { input: mediaInput(change) });

  it('refuses a second record with the same id, and keeps the first', async () => {
    await create({ id: 'one', observationId: 'first' });
    const { status, data, errors } = await create({ id: 'one', observationId: 'second' });
    expect(status).to.equal(200);
    expect(data).to.deep.equal({ createMedia: null });
    expect(errors[0]).to.include({ errorType: 'DynamoDB:ConditionalCheckFailedException', errorInfo: null });
    expect(errors[0]!.message).to.match(
      /^The conditional request failed \(Service: DynamoDb, Status Code: 400, Request ID: [A-Z0-9]{52}\)$/,
    );
    expect(errors[0]!.path).to.deep.equal(['createMedia']);
    expect(api.media.get('one')!.observationId).to.equal('first');
  });

  it('runs mutations one after another, each failing alone', async () => {
    const query = `mutation($a: CreateMediaInput!, $c: CreateMediaInput!) {
      a: createMedia(input: $a) { id }
      b: createMedia(input: $a) { id }
      c: createMedia(input: $c) { id }
    }`;
    const { data, errors } = await ask(api, token, query, {
      a: mediaInput({ id: 'a' }),
      c: mediaInput({ id: 'c' }),
    });
    expect(data).to.deep.equal({ a: { id: 'a' }, b: null, c: { id: 'c' } });
    expect(errors.map(error => error.path)).to.deep.equal([['b']]);
    expect([...api.media.keys()]).to.deep.equal(['a', 'c']);
  });

  it('refuses the whole document for one value that does not coerce, before anything runs', async () => {
    const query = `mutation($a: CreateMediaInput!, $b: CreateMediaInput!) {
      a: createMedia(input: $a) { id }
      b: createMedia(input: $b) { id }
    }`;
    const bad = {
      url: 'https://example.com/a b.jpg',
      type: 'AUDIO',
      isAvailableForPublicUse: 'yes',
      observationId: null,
    };
    for (const [name, value] of Object.entries(bad)) {
      const { status, data, errors } = await ask(api, token, query, {
        a: mediaInput(),
        b: mediaInput({ [name]: value }),
      });
      expect(status).to.equal(200);
      expect(data, name).to.equal(null);
      expect(errors[0]!.path, name).to.equal(null);
      expect(errors[0]!.message, name).to.match(/^Variable '\w+' (has an invalid value|has coerced Null)/);
    }
    const unknown = await ask(api, token, query, { a: mediaInput(), b: mediaInput({ title: 'x' }) });
    expect(unknown.errors[0]!.message).to.match(/contains a field name 'title' that is not defined/);
    const literal = CREATE_MEDIA.replace('($input: CreateMediaInput!)', '').replace(
      '$input',
      '{url: "x y", observationId: "o", isAvailableForPublicUse: true}',
    );
    expect((await ask(api, token, literal)).errors[0]!.message).to.match(
      /^Validation error of type WrongType.*@ 'createMedia'$/,
    );
    expect(api.media.size).to.equal(0);
  });

  it('takes as AWSURL what is percent-encoded, absolute and ASCII', () => {
    const good = [
      'https://bucket.s3.us-east-1.amazonaws.com/media/abc-1/6602%20a.jpg',
      'https://bucket.s3.us-east-1.amazonaws.com/media/abc/1885-%D7%A7.jpg',
      'http://127.0.0.1:9000/bucket/media/1/5143a%2C5144a.mp4?x=1#f',
      "https://example.com/a+b(1)!'*~.jpg",
      'https://example.com',
    ];
    const bad = [
      '',
      'media/1.jpg',
      '//example.com/1.jpg',
      'https:///1.jpg',
      's3://bucket/1.jpg',
      'https://example.com/a b.jpg',
      'https://example.com/ק.jpg',
      'https://example.com/100%.jpg',
      'https://example.com/%zz.jpg',
      'https://example.com/a//b.jpg',
      'https://example.com/"x".jpg',
      'https://example.com/a\\b.jpg',
      ' https://example.com/',
      'https://example.com/a\n',
    ];
    expect(good.filter(url => !isAwsUrl(url))).to.deep.equal([]);
    expect(bad.filter(url => isAwsUrl(url))).to.deep.equal([]);
  });

  it('shows a new record late when reads are to be stale, though a second create meets it at once', async () => {
    api = await start(2);
    await create({ id: 'one' });
    expect((await create({ id: 'one' })).errors[0]!.errorType).to.match(/ConditionalCheckFailed/);
    const read = async () => (await ask(api, token, '{ getMedia(id: "one") { id } }')).data.getMedia;
    expect([await read(), await read(), await read()]).to.deep.equal([null, null, { id: 'one' }]);
  });
});
