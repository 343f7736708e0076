import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { CredentialStore } from './credentials.ts';
import { call, md5Base64, sha256, sign } from './raw-client.ts';
import { createS3, type S3Service } from './s3.ts';

const crc32Base64 = (data: Buffer): string => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(data));
  return out.toString('base64');
};

describe('The local S3, given a body', () => {
  const credentials = new CredentialStore();
  const keys = credentials.issueRoot();
  let s3: S3Service;
  let url: string;
  let host: string;
  let folder: string;

  const put = async (body: Buffer | string, headers: Record<string, string>, payload?: string) => {
    const answer = await call(url, { keys, method: 'PUT', path: '/photos/k', body, headers, payload });
    return answer.code || answer.status;
  };
  const stored = () => (s3.objects().length === 0 ? null : s3.read('k').toString());

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 's3-bodies-'));
    s3 = await createS3({ bucket: 'photos', region: 'us-east-1', credentials, folder });
    url = s3.service.url;
    host = new URL(url).host;
  });
  afterEach(() => {
    s3.remove('k');
    expect(readdirSync(join(folder, 'incoming')), 'files left over').to.deep.equal([]);
    expect(readdirSync(join(folder, 'objects')), 'files left over').to.deep.equal([]);
  });
  after(async () => {
    await s3.service.close();
    rmSync(folder, { recursive: true });
  });

  it('stores it and answers with its MD5', async () => {
    const answer = await call(url, { keys, method: 'PUT', path: '/photos/k', body: 'hello' });
    const md5 = createHash('md5').update('hello').digest('hex');
    expect(answer.headers.etag).to.equal(`"${md5}"`);
    const [object] = s3.objects();
    expect([object!.key, object!.size, object!.etag, object!.md5]).to.deep.equal(['k', 5, md5, md5]);
    expect(stored()).to.equal('hello');
  });

  it('compares it with x-amz-content-sha256', async () => {
    expect(await put('hello', {}, sha256('hullo'))).to.equal('XAmzContentSHA256Mismatch');
    expect(await put('hello', {}, 'nonsense')).to.equal('InvalidArgument');
    expect(stored()).to.equal(null);
    expect(await put('hello', {}, 'UNSIGNED-PAYLOAD')).to.equal(200);
  });

  it('compares it with Content-MD5', async () => {
    expect(await put('hello', { 'content-md5': md5Base64('hullo') })).to.equal('BadDigest');
    expect(await put('hello', { 'content-md5': 'bm9wZQ==' })).to.equal('InvalidDigest');
    expect(await put('hello', { 'content-md5': '!!' })).to.equal('InvalidDigest');
    expect(stored()).to.equal(null);
    expect(await put('hello', { 'content-md5': md5Base64('hello') })).to.equal(200);
  });

  it('compares it with each kind of x-amz-checksum header', async () => {
    const data = Buffer.from('123456789');
    const right: Record<string, string> = {
      crc32: crc32Base64(data),
      crc32c: Buffer.from('e3069283', 'hex').toString('base64'),
      crc64nvme: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
      sha1: createHash('sha1').update(data).digest('base64'),
      sha256: createHash('sha256').update(data).digest('base64'),
    };
    for (const [name, value] of Object.entries(right)) {
      const wrong = Buffer.from(value, 'base64');
      wrong[0]! ^= 1;
      expect(await put(data, { [`x-amz-checksum-${name}`]: wrong.toString('base64') }), name).to.equal(
        'BadDigest',
      );
      expect(await put(data, { [`x-amz-checksum-${name}`]: 'AA==' }), name).to.equal('InvalidRequest');
      expect(stored(), name).to.equal(null);
      expect(await put(data, { [`x-amz-checksum-${name}`]: value }), name).to.equal(200);
      s3.remove('k');
    }
    const two = { 'x-amz-checksum-crc32': right.crc32!, 'x-amz-checksum-sha1': right.sha1! };
    expect(await put(data, two)).to.equal('InvalidRequest');
    expect(await put(data, { 'x-amz-sdk-checksum-algorithm': 'CRC32' })).to.equal('InvalidRequest');
    expect(await put(data, { 'x-amz-checksum-xxhash64': 'AA==' })).to.equal('NotImplemented');
  });

  it('shows nothing of a body that broke off', async () => {
    const { headers } = sign({ keys, method: 'PUT', path: '/photos/k', payload: 'UNSIGNED-PAYLOAD' }, host);
    const files = () => readdirSync(join(folder, 'incoming')).length;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(headOf('PUT /photos/k', { ...headers, 'content-length': '5000000' }));
    socket.write(Buffer.alloc(3_000_000));
    await until(() => files() === 1);
    socket.destroy();
    await until(() => files() === 0);
    expect(stored()).to.equal(null);
  });
});

const headOf = (start: string, headers: Record<string, string>): string =>
  `${start} HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}
