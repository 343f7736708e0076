import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import { expect } from 'chai';
import { CredentialStore } from './credentials.ts';
import { createS3, type S3Service } from './s3.ts';
import { refusal, sdkClient } from './sdk-client.ts';

const Bucket = 'photos';

describe('The local S3 and signatures', () => {
  const credentials = new CredentialStore();
  const root = credentials.issueRoot();
  let s3: S3Service;
  before(async () => {
    s3 = await createS3({ bucket: Bucket, region: 'us-east-1', credentials });
  });
  after(() => s3.service.close());

  /** How a listing is answered. `alter` changes the request after it was signed. */
  const outcome = async (
    keys: Parameters<typeof sdkClient>[1],
    more = {},
    alter?: (request: HttpRequest) => void,
  ) => {
    const client: S3Client = sdkClient(s3, keys, more);
    client.middlewareStack.add(
      next => args => {
        alter?.(args.request as HttpRequest);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    try {
      const call = client.send(new ListObjectsV2Command({ Bucket }));
      return await call.then(
        () => 'ok',
        () => refusal(call),
      );
    } finally {
      client.destroy();
    }
  };

  it('are refused when secret, region or anything that was signed is another', async () => {
    const mismatch = '403 SignatureDoesNotMatch';
    expect(await outcome(root)).to.equal('ok');
    expect(await outcome({ ...root, secretAccessKey: 'wrong' })).to.equal(mismatch);
    expect(await outcome(root, { region: 'eu-west-1' })).to.equal('400 AuthorizationHeaderMalformed');
    const changes: ((request: HttpRequest) => void)[] = [
      request => (request.query!.prefix = 'x'),
      request => (request.path += '/a'),
      request => (request.method = 'DELETE'),
      request => (request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'),
    ];
    for (const change of changes) expect(await outcome(root, {}, change), String(change)).to.equal(mismatch);
    const late = (request: HttpRequest) => {
      request.headers['x-amz-meta-late'] = 'x';
    };
    expect(await outcome(root, {}, late), 'a header that was not signed').to.equal('403 AccessDenied');
    const bare = (request: HttpRequest) => {
      delete request.headers.authorization;
    };
    expect(await outcome(root, {}, bare), 'no signature').to.equal('403 AccessDenied');
  });

  it('by a temporary key need its token, and end with it', async () => {
    const { sessionToken, ...bare } = credentials.issue({ role: 'root', lifetimeSeconds: 60 });
    expect(await outcome(bare)).to.equal('403 InvalidAccessKeyId');
    expect(await outcome({ ...bare, sessionToken: `x${sessionToken}` })).to.equal('400 InvalidToken');
    expect(await outcome({ ...bare, sessionToken })).to.equal('ok');
    expect(await outcome({ ...root, sessionToken })).to.equal('400 InvalidToken');
    credentials.expire(bare.accessKeyId);
    expect(await outcome({ ...bare, sessionToken })).to.equal('400 ExpiredToken');
  });

  it('are refused when the clock is off by more than fifteen minutes', async () => {
    const off = (minutes: number) => outcome(root, { systemClockOffset: minutes * 60_000 });
    expect([await off(-16), await off(14), await off(16)]).to.deep.equal([
      '403 RequestTimeTooSkewed',
      'ok',
      '403 RequestTimeTooSkewed',
    ]);
  });

  it('cover the body', async () => {
    const client = sdkClient(s3, root);
    client.middlewareStack.add(
      next => args => {
        (args.request as HttpRequest).body = 'hullo';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const put = client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello' }));
    expect(await refusal(put)).to.equal('400 XAmzContentSHA256Mismatch');
    expect(s3.objects()).to.deep.equal([]);
    client.destroy();
  });
});
