import { expect } from 'chai';
import { CredentialStore } from './credentials.ts';
import { call, presign, type RawRequest, send, sign } from './raw-client.ts';
import { createS3, type S3Service } from './s3.ts';

describe('The local S3, asked who is there', () => {
  const credentials = new CredentialStore();
  const root = credentials.issueRoot();
  let s3: S3Service;
  let url: string;
  const list: RawRequest = { keys: root, path: '/photos', query: 'list-type=2' };
  const codeOf = async (request: RawRequest, alter?: (headers: Record<string, string>) => void) => {
    const answer = await call(url, request, alter);
    return `${answer.status} ${answer.code}`.trim();
  };

  before(async () => {
    s3 = await createS3({ bucket: 'photos', region: 'us-east-1', credentials });
    url = s3.service.url;
    s3.put('media/a b+c%20é😀.jpg', 'hello');
  });
  after(() => s3.service.close());

  it('lets a right signature in, with a long-lived key and with a temporary one', async () => {
    expect(await codeOf(list)).to.equal('200');
    const keys = credentials.issue({ role: 'admins', lifetimeSeconds: 3600 });
    expect(await codeOf({ keys, path: '/photos', query: 'list-type=2&prefix=media%2F' })).to.equal('200');
  });

  it('gives every answer a request id', async () => {
    const answer = await call(url, { ...list, keys: { ...root, secretAccessKey: 'wrong' } });
    expect(answer.headers['x-amz-request-id']).to.match(/^[0-9A-F]{16}$/);
    expect(answer.body).to.include(`<RequestId>${answer.headers['x-amz-request-id']}</RequestId>`);
  });

  it('refuses a request without any signature', async () => {
    const answer = await send(url, 'GET', '/photos?list-type=2', { host: new URL(url).host });
    expect([answer.status, answer.code]).to.deep.equal([403, 'AccessDenied']);
  });

  it('refuses a wrong secret, and a request that was changed after it was signed', async () => {
    expect(await codeOf({ ...list, keys: { ...root, secretAccessKey: 'wrong' } })).to.equal(
      '403 SignatureDoesNotMatch',
    );
    const { headers } = sign(list, new URL(url).host);
    for (const [method, target] of [
      ['GET', '/photos?list-type=2&prefix=x'],
      ['GET', '/photos/a?list-type=2'],
      ['DELETE', '/photos?list-type=2'],
    ] as const) {
      expect((await send(url, method, target, headers)).code).to.equal('SignatureDoesNotMatch');
    }
    const changed = { ...headers, 'x-amz-date': headers['x-amz-date']!.replace(/..Z$/, '59Z') };
    if (changed['x-amz-date'] === headers['x-amz-date'])
      changed['x-amz-date'] = headers['x-amz-date']!.replace(/..Z$/, '58Z');
    expect((await send(url, 'GET', '/photos?list-type=2', changed)).code).to.equal('SignatureDoesNotMatch');
  });

  it('refuses an x-amz header that is not signed', async () => {
    const put: RawRequest = { keys: root, method: 'PUT', path: '/photos/x', body: 'x' };
    expect(await codeOf(put, headers => (headers['x-amz-meta-late'] = 'x'))).to.equal('403 AccessDenied');
    expect(s3.objects().map(object => object.key)).not.to.include('x');
  });

  it('refuses a key it never issued', async () => {
    expect(await codeOf({ ...list, keys: { accessKeyId: 'ASIANOBODY', secretAccessKey: 'x' } })).to.equal(
      '403 InvalidAccessKeyId',
    );
  });

  it('refuses a temporary key without its token, with another token, and after it expired', async () => {
    const { sessionToken, ...bare } = credentials.issue({ role: 'root', lifetimeSeconds: 60 });
    expect(await codeOf({ ...list, keys: bare })).to.equal('403 InvalidAccessKeyId');
    expect(await codeOf({ ...list, keys: { ...bare, sessionToken: `x${sessionToken}` } })).to.equal(
      '400 InvalidToken',
    );
    expect(await codeOf({ ...list, keys: { ...bare, sessionToken } })).to.equal('200');
    expect(await codeOf({ ...list, keys: { ...root, sessionToken } })).to.equal('400 InvalidToken');
    credentials.expire(bare.accessKeyId);
    expect(await codeOf({ ...list, keys: { ...bare, sessionToken } })).to.equal('400 ExpiredToken');
  });

  it('refuses a clock that is off by more than fifteen minutes', async () => {
    const off = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    expect(await codeOf({ ...list, at: off(-16) })).to.equal('403 RequestTimeTooSkewed');
    expect(await codeOf({ ...list, at: off(16) })).to.equal('403 RequestTimeTooSkewed');
    expect(await codeOf({ ...list, at: off(14) })).to.equal('200');
  });

  it('refuses another region and says which one it expects', async () => {
    const answer = await call(url, { ...list, region: 'eu-west-1' });
    expect([answer.status, answer.code]).to.deep.equal([400, 'AuthorizationHeaderMalformed']);
    expect(answer.body).to.include('<Region>us-east-1</Region>');
  });

  it('refuses signature version 2', async () => {
    expect(await codeOf(list, headers => (headers.authorization = 'AWS AKIA:abc='))).to.equal(
      '400 InvalidRequest',
    );
  });

  it('reads keys with spaces, pluses, percents and characters beyond ASCII', async () => {
    const path = '/photos/media/a%20b%2Bc%2520%C3%A9%F0%9F%98%80.jpg';
    const answer = await call(url, { keys: root, path });
    expect(answer.body).to.equal('hello');
    expect((await call(url, { keys: root, path: '/photos/media/%E9' })).code).to.equal('InvalidURI');
  });

  it('serves presigned links until they expire, and not when they are changed', async () => {
    const path = '/photos/media/a%20b%2Bc%2520%C3%A9%F0%9F%98%80.jpg';
    const { host } = new URL(url);
    const keys = credentials.issue({ role: 'admins', lifetimeSeconds: 3600 });
    const good = presign({ keys, path, expiresSeconds: 60 }, host);
    expect((await send(url, 'GET', `${path}?${good}`, { host })).body).to.equal('hello');
    const changed = good.replace('X-Amz-Expires=60', 'X-Amz-Expires=61');
    expect((await send(url, 'GET', `${path}?${changed}`, { host })).code).to.equal('SignatureDoesNotMatch');
    const old = presign({ keys, path, expiresSeconds: 60, at: new Date(Date.now() - 61_000) }, host);
    const answer = await send(url, 'GET', `${path}?${old}`, { host });
    expect([answer.status, answer.code]).to.deep.equal([403, 'AccessDenied']);
    expect(answer.body).to.include('Request has expired');
    const endless = presign({ keys, path, expiresSeconds: 604_801 }, host);
    expect((await send(url, 'GET', `${path}?${endless}`, { host })).code).to.equal(
      'AuthorizationQueryParametersError',
    );
  });

  it('takes the bucket from the host name as well', async () => {
    const host = `photos.localhost:${new URL(url).port}`;
    const { headers } = sign({ keys: root, path: '/media/none' }, host);
    expect((await send(url, 'GET', '/media/none', headers)).code).to.equal('NoSuchKey');
    const other = `albums.localhost:${new URL(url).port}`;
    const elsewhere = sign({ keys: root, path: '/media/none' }, other);
    expect((await send(url, 'GET', '/media/none', elsewhere.headers)).code).to.equal('NoSuchBucket');
  });

  it('goes by a clock that is put in', async () => {
    let nowMs = Date.parse('2030-01-01T00:00:00Z');
    const store = new CredentialStore(() => nowMs);
    const keys = store.issue({ role: 'root', lifetimeSeconds: 3600 });
    expect(keys.expiration.toISOString()).to.equal('2030-01-01T01:00:00.000Z');
    const later = await createS3({
      bucket: 'photos',
      region: 'us-east-1',
      credentials: store,
      now: () => nowMs,
    });
    const code = async () => (await call(later.service.url, { ...list, keys, at: new Date(nowMs) })).code;
    expect(await code()).to.equal('');
    nowMs += 3600_000;
    expect(await code()).to.equal('ExpiredToken');
    await later.service.close();
  });
});
