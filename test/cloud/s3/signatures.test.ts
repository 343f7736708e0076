import { expect } from 'chai';
import { CredentialStore } from './credentials.ts';
import { call, type RawRequest, send, sign } from './raw-client.ts';
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

  it('reads keys with spaces, pluses, percents and characters beyond ASCII', async () => {
    const path = '/photos/media/a%20b%2Bc%2520%C3%A9%F0%9F%98%80.jpg';
    const answer = await call(url, { keys: root, path });
    expect(answer.body).to.equal('hello');
    expect((await call(url, { keys: root, path: '/photos/media/%E9' })).code).to.equal('InvalidURI');
  });
});
