import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { CredentialStore } from './credentials.ts';
import { call, chunkedBody, md5Base64, send, sign } from './raw-client.ts';
import { createS3, type S3Service } from './s3.ts';

const crc32Base64 = (data: Buffer): string => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(data));
  return out.toString('base64');
};

describe('The local S3, given a body in aws-chunked', () => {
  const credentials = new CredentialStore();
  const keys = credentials.issueRoot();
  let s3: S3Service;
  let url: string;
  let host: string;

  const stored = () => (s3.objects().length === 0 ? null : s3.read('k').toString());

  before(async () => {
    s3 = await createS3({ bucket: 'photos', region: 'us-east-1', credentials });
    url = s3.service.url;
    host = new URL(url).host;
  });
  afterEach(() => s3.remove('k'));
  after(() => s3.service.close());

  const chunks = [Buffer.alloc(65_536, 'a'), Buffer.alloc(8192, 'b'), Buffer.from('end')];
  const whole = Buffer.concat(chunks);
  const trailer = { 'x-amz-checksum-crc32': crc32Base64(whole) };
  type Change = (body: Buffer) => Buffer;

  const putChunked = async (options: {
    kind: 'unsigned' | 'signed' | 'signed with trailer';
    pieces?: Buffer[];
    trailer?: Record<string, string>;
    decodedLength?: number | null;
    headers?: Record<string, string>;
    change?: Change;
  }) => {
    const withTrailer = options.kind !== 'signed';
    const headers: Record<string, string> = { 'content-encoding': 'aws-chunked', ...options.headers };
    const length = options.decodedLength === undefined ? whole.length : options.decodedLength;
    if (length !== null) headers['x-amz-decoded-content-length'] = String(length);
    if (withTrailer) headers['x-amz-trailer'] = 'x-amz-checksum-crc32';
    const payload = {
      unsigned: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      signed: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'signed with trailer': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    }[options.kind];
    const signed = sign({ keys, method: 'PUT', path: '/photos/k', headers, payload }, host);
    const body = chunkedBody(
      options.pieces ?? chunks,
      withTrailer ? (options.trailer ?? trailer) : null,
      options.kind === 'unsigned' ? null : signed,
    );
    const bytes = options.change ? options.change(body) : body;
    const answer = await send(
      url,
      'PUT',
      '/photos/k',
      { ...signed.headers, 'content-length': String(bytes.length) },
      bytes,
    );
    return answer.code || answer.status;
  };

  for (const kind of ['unsigned', 'signed', 'signed with trailer'] as const) {
    it(`stores the decoded bytes (${kind}), however they are cut`, async () => {
      expect(await putChunked({ kind, headers: { 'content-md5': md5Base64(whole) } })).to.equal(200);
      expect(s3.read('k').equals(whole)).to.equal(true);
      expect(s3.objects()[0]!.headers).to.deep.equal({});
      expect(await putChunked({ kind, pieces: [whole] })).to.equal(200);
    });

    it(`refuses a small chunk that is not the last (${kind})`, async () => {
      const pieces = [Buffer.alloc(8191), Buffer.alloc(1)];
      expect(await putChunked({ kind, pieces, decodedLength: 8192 })).to.equal('InvalidChunkSizeError');
    });

    it(`compares it with Content-MD5 and x-amz-decoded-content-length (${kind})`, async () => {
      expect(await putChunked({ kind, headers: { 'content-md5': md5Base64('x') } })).to.equal('BadDigest');
      expect(await putChunked({ kind, decodedLength: whole.length + 1 })).to.equal('IncompleteBody');
      expect(await putChunked({ kind, decodedLength: whole.length - 1 })).to.equal('IncompleteBody');
      expect(await putChunked({ kind, decodedLength: null })).to.equal('MissingContentLength');
    });

    it(`refuses framing that is cut off or goes on after the end (${kind})`, async () => {
      for (const cut of [1, 2, 3, 40, 5000]) {
        const change: Change = body => body.subarray(0, body.length - cut);
        expect(await putChunked({ kind, change }), String(cut)).to.equal('IncompleteBody');
      }
      expect(await putChunked({ kind, change: body => Buffer.concat([body, Buffer.from('x')]) })).to.equal(
        'IncompleteBody',
      );
    });
  }

  const flip =
    (offset: number): Change =>
    body => {
      const copy = Buffer.from(body);
      copy[offset < 0 ? copy.length + offset : offset]! ^= 1;
      return copy;
    };

  it('refuses one altered byte, by chunk signature or by trailing checksum', async () => {
    expect(await putChunked({ kind: 'signed', change: flip(1000) })).to.equal('SignatureDoesNotMatch');
    expect(await putChunked({ kind: 'signed with trailer', change: flip(1000) })).to.equal(
      'SignatureDoesNotMatch',
    );
    expect(await putChunked({ kind: 'unsigned', change: flip(1000) })).to.equal('BadDigest');
    expect(stored()).to.equal(null);
  });

  it('refuses a trailer that is wrong, altered, missing or of another name', async () => {
    const wrong = { 'x-amz-checksum-crc32': crc32Base64(Buffer.from('x')) };
    expect(await putChunked({ kind: 'unsigned', trailer: wrong })).to.equal('BadDigest');
    expect(await putChunked({ kind: 'signed with trailer', trailer: wrong })).to.equal('BadDigest');
    expect(
      await putChunked({ kind: 'signed with trailer', change: body => swapDigit(body, body.length - 5) }),
    ).to.equal('SignatureDoesNotMatch');
    expect(await putChunked({ kind: 'unsigned', trailer: {} })).to.equal('MalformedTrailerError');
    expect(await putChunked({ kind: 'unsigned', trailer: { 'x-amz-checksum-sha1': 'x' } })).to.equal(
      'MalformedTrailerError',
    );
  });

  it('does not take chunk framing for content', async () => {
    expect(
      (
        await call(url, {
          keys,
          method: 'PUT',
          path: '/photos/k',
          body: 'x',
          headers: { 'content-encoding': 'aws-chunked' },
        })
      ).code,
    ).to.equal('InvalidRequest');
  });
});

/** The example of the S3 API reference ("Transferring Payload in Multiple Chunks"), whose signatures were not computed by us. */
describe('The local S3, given the published example of signed chunks', () => {
  const published = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
  const signatures = [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ];

  it('accepts it', async () => {
    const credentials = new CredentialStore();
    credentials.issueRoot(published);
    const s3 = await createS3({
      bucket: 'examplebucket',
      region: 'us-east-1',
      credentials,
      now: () => Date.parse('2013-05-24T00:00:00Z'),
    });
    const body = [
      `10000;chunk-signature=${signatures[0]}\r\n${'a'.repeat(65_536)}\r\n`,
      `400;chunk-signature=${signatures[1]}\r\n${'a'.repeat(1024)}\r\n`,
      `0;chunk-signature=${signatures[2]}\r\n\r\n`,
    ].join('');
    const answer = await send(
      s3.service.url,
      'PUT',
      '/examplebucket/chunkObject.txt',
      {
        host: 's3.amazonaws.com',
        'x-amz-date': '20130524T000000Z',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        authorization: `AWS4-HMAC-SHA256 Credential=${published.accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=${seed}`,
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '66560',
        'content-length': '66824',
      },
      body,
    );
    expect(answer.body).to.equal('');
    expect(s3.read('chunkObject.txt').toString()).to.equal('a'.repeat(66_560));
    await s3.service.close();
  });
});

function swapDigit(body: Buffer, offset: number): Buffer {
  const copy = Buffer.from(body);
  copy[offset] = copy[offset] === 0x30 ? 0x31 : 0x30;
  return copy;
}
