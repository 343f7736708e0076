import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { seedSampleFolder } from './drive/sample-folder.ts';

describe('local cloud', () => {
  let cloud: Cloud;
  let folder: string;
  before(async () => {
    cloud = await startCloud();
    folder = await mkdtemp(join(tmpdir(), 'local-cloud-test-'));
  });
  after(async () => {
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  });

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

  it('writes a home that only its owner can read and that leads to Drive', async () => {
    const home = join(folder, 'home');
    const { folderId } = seedSampleFolder(cloud.drive);
    await cloud.writeHome(home, { folderId, migration: { concurrency: 3 }, more: { naming: 'relaxed' } });
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await modeOf(home)).to.equal(0o700);
    const read = async (name: string) => {
      expect(await modeOf(join(home, name)), name).to.equal(0o600);
      return JSON.parse(await readFile(join(home, name), 'utf8'));
    };
    const config = await read('config.json');
    expect(config.aws.amplify).to.deep.equal({
      api_endpoint: cloud.appSync.endpoint,
      storage_bucket: cloud.s3.bucket,
    });
    expect(config).to.deep.include({ migration: { concurrency: 3 }, naming: 'relaxed' });
    expect((await read('google_credentials.json')).installed.token_uri).to.equal(cloud.drive.tokenUri);

    const { client_id, client_secret, refresh_token, token_uri } = await read('google_token.json');
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id,
      client_secret,
      refresh_token,
    });
    const { access_token } = (await (await fetch(token_uri, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    const query = `q=${encodeURIComponent(`'${config.google_drive.folder_id}' in parents`)}`;
    const list = await fetch(`${config.google_drive.api_url}/drive/v3/files?${query}`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    const { files } = (await list.json()) as { files: { name: string }[] };
    expect(files.map(file => file.name)).to.include('7.jpg');
  });

  it('names everything in environment and outputs as it is', () => {
    expect(cloud.environment('/home')).to.deep.equal({
      AMPLIFY_MEDIA_MIGRATOR_HOME: '/home',
      AMPLIFY_MEDIA_MIGRATOR_PASSWORD: cloud.admin.password,
      no_proxy: '127.0.0.1',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: cloud.s3.service.url,
      AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: cloud.userPool.service.url,
      AWS_ENDPOINT_URL_COGNITO_IDENTITY: cloud.identityPool.service.url,
    });
    const outputs = cloud.amplifyOutputs();
    expect(outputs).to.have.nested.property('auth.user_pool_id', cloud.userPool.poolId);
    expect(outputs).to.have.nested.property('data.url', cloud.appSync.endpoint);
    expect(outputs).to.have.nested.property(
      'data.model_introspection.models.Observation.attributes[1].properties.queryField',
      'listObservationBySequentialId',
    );
  });

  it('is gone after its end', async () => {
    const other = await startCloud({ index: false });
    expect(JSON.stringify(other.amplifyOutputs())).not.to.include('listObservationBySequentialId');
    const urls = [other.drive, other.userPool, other.identityPool, other.s3, other.appSync].map(
      each => each.service.url,
    );
    await other.stop();
    for (const url of urls) expect(await refusal(fetch(url)), url).to.match(/fetch failed/);
  });
});
