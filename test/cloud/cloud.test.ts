import {
  CognitoIdentityClient,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
} from '@aws-sdk/client-cognito-identity';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { ask, CREATE_MEDIA, mediaInput } from './appsync/ask.ts';
import { type Account, type Cloud, startCloud } from './cloud.ts';
import { refusal, srpSignIn } from './cognito/sdk-sign-in.ts';

describe('local cloud', () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await startCloud();
  });
  after(() => cloud.stop());

  const signIn = async ({ username, password }: Account) => {
    const { AuthenticationResult } = await srpSignIn(cloud.userPool, username, password);
    const { IdToken, AccessToken } = AuthenticationResult!;
    const { identityPoolId: IdentityPoolId, provider, service } = cloud.identityPool;
    const client = new CognitoIdentityClient({ region: 'us-east-1', endpoint: service.url });
    const Logins = { [provider]: IdToken! };
    const { IdentityId } = await client.send(new GetIdCommand({ IdentityPoolId, Logins }));
    const answer = await client.send(new GetCredentialsForIdentityCommand({ IdentityId, Logins }));
    const { AccessKeyId, SecretKey, SessionToken } = answer.Credentials!;
    const s3 = new S3Client({
      region: 'us-east-1',
      endpoint: cloud.s3.service.url,
      forcePathStyle: true,
      credentials: { accessKeyId: AccessKeyId!, secretAccessKey: SecretKey!, sessionToken: SessionToken },
    });
    const put = (Key: string) =>
      s3.send(new PutObjectCommand({ Bucket: cloud.s3.bucket, Key, Body: 'bytes' }));
    return { token: AccessToken!, put };
  };

  it('lets the administrator upload and link, all the way from a password', async () => {
    const { token, put } = await signIn(cloud.admin);
    await put('media/1/1.jpg');
    expect(cloud.s3.read('media/1/1.jpg').toString()).to.equal('bytes');
    const { errors } = await ask(cloud.appSync, token, CREATE_MEDIA, { input: mediaInput() });
    expect(errors).to.deep.equal([]);
    expect(cloud.appSync.media.size).to.equal(1);
  });

  it('lets the viewer do neither', async () => {
    const { token, put } = await signIn(cloud.viewer);
    expect(await refusal(put('media/2/2.jpg'))).to.match(/^AccessDenied/);
    const { errors } = await ask(cloud.appSync, token, CREATE_MEDIA, { input: mediaInput() });
    expect(errors[0]!.errorType).to.equal('Unauthorized');
  });
});
