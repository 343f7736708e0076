import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import { expect } from 'chai';
import { Bucket, refusal, useS3 } from './sdk-client.ts';

/** Changes requests after they were signed. */
function altering(client: S3Client, alter: (request: HttpRequest) => unknown): S3Client {
  client.middlewareStack.add(
    next => args => {
      alter(args.request as HttpRequest);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  return client;
}

describe('The local S3 and signatures', () => {
  const at = useS3();
  const outcome = (client: S3Client) => {
    const call = client.send(new ListObjectsV2Command({ Bucket }));
    return call.then(
      () => 'ok',
      () => refusal(call),
    );
  };

  it('are refused when secret, region or anything that was signed is another', async () => {
    const mismatch = '403 SignatureDoesNotMatch';
    const root = at.credentials.issueRoot();
    expect(await outcome(at.client(root))).to.equal('ok');
    expect(await outcome(at.client({ ...root, secretAccessKey: 'wrong' }))).to.equal(mismatch);
    const elsewhere = at.client(root, { region: 'eu-west-1' });
    expect(await outcome(elsewhere)).to.equal('400 AuthorizationHeaderMalformed');
    const changes: [(request: HttpRequest) => unknown, string][] = [
      [request => (request.query!.prefix = 'x'), mismatch],
      [request => (request.path += '/a'), mismatch],
      [request => (request.method = 'DELETE'), mismatch],
      [request => (request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'), mismatch],
      [request => (request.headers['x-amz-meta-late'] = 'x'), '403 AccessDenied'],
      [request => delete request.headers.authorization, '403 AccessDenied'],
    ];
    for (const [change, answer] of changes)
      expect(await outcome(altering(at.client(), change)), String(change)).to.equal(answer);
  });

  it('by a temporary key need its token, and end with it', async () => {
    const { sessionToken, ...bare } = at.credentials.issue({ role: 'root', lifetimeSeconds: 60 });
    const keys = { ...bare, sessionToken };
    expect(await outcome(at.client(bare))).to.equal('403 InvalidAccessKeyId');
    expect(await outcome(at.client({ ...bare, sessionToken: `x${sessionToken}` }))).to.equal(
      '400 InvalidToken',
    );
    expect(await outcome(at.client(keys))).to.equal('ok');
    expect(await outcome(at.client({ ...at.credentials.issueRoot(), sessionToken }))).to.equal(
      '400 InvalidToken',
    );
    at.credentials.expire(bare.accessKeyId);
    expect(await outcome(at.client(keys))).to.equal('400 ExpiredToken');
  });

  it('are refused when the clock is off by more than fifteen minutes', async () => {
    const off = (minutes: number) => outcome(at.client(undefined, { systemClockOffset: minutes * 60_000 }));
    const skewed = '403 RequestTimeTooSkewed';
    expect([await off(-16), await off(14), await off(16)]).to.deep.equal([skewed, 'ok', skewed]);
  });

  it('cover the body', async () => {
    const client = altering(at.client(), request => (request.body = 'hullo'));
    const put = client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello' }));
    expect(await refusal(put)).to.equal('400 XAmzContentSHA256Mismatch');
    expect(at.s3.objects()).to.deep.equal([]);
  });
});
