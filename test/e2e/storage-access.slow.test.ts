/** What a bucket's region, roles, keys and policies do to a migration, and what the messages say about it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CloudOptions } from '../cloud/cloud.ts';
import type { Ask } from '../cloud/s3/s3.ts';
import { answer } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { Sandbox } from './sandbox.ts';

describe('the bucket', () => {
  let sandbox: Sandbox;
  let folder: PictureFolder;

  const open = async (options: CloudOptions = {}, groups?: string[]) => {
    sandbox = await Sandbox.open(options);
    if (groups) sandbox.cloud.userPool.user(sandbox.cloud.admin.username).groups = groups;
    folder = await PictureFolder.open(sandbox, 2, { migration: { chunk_size_mb: 5 } });
    for (const id of folder.ids) folder.add(`${id}.jpg`, `picture ${id}`);
  };
  const migrate = (code: number) => folder.exits(code, ['migrate', '--folder-id', folder.folderId]);
  const set = (...flags: string[]) => folder.exits(0, ['config', ...flags]);
  const denied = ({ roleName, action, key }: Ask, words: string) =>
    `User: arn:aws:sts::123456789012:assumed-role/${roleName}/CognitoIdentityCredentials is not authorized to perform: ${action} on resource: "arn:aws:s3:::amplify-local-media/${key}" ${words}`;
  /** Ends with this, uploads nothing, and goes on once the cause is gone. */
  const stops = async (...says: (string | RegExp)[]) => {
    const { stderr } = await migrate(1);
    for (const words of says) expect(stderr).to.match(typeof words === 'string' ? new RegExp(words) : words);
    expect(Object.keys(folder.objects())).to.deep.equal([]);
    expect(stderr).not.to.match(/temporary|failed/);
  };
  const completes = async () => {
    await migrate(0);
    expect(Object.keys(folder.objects())).to.have.length(2);
    expect(folder.media().map(({ url }) => url)).to.have.members(
      folder.ids.map(id => folder.urlOf(id, `${id}.jpg`)),
    );
  };
  afterEach(() => sandbox.close());

  it('may be in another region than the user pool: amplify_outputs.json says so, or S3 does', async () => {
    await open({ region: 'eu-west-1', storageRegion: 'ap-south-2' });
    folder.edit(({ aws }) => delete aws.amplify.storage_region);
    await stops('is in region ap-south-2, not in eu-west-1', '--storage-region ap-south-2');
    const outputs = join(sandbox.folder, 'outputs.json');
    writeFileSync(outputs, JSON.stringify(sandbox.cloud.amplifyOutputs()));
    await set('--from', outputs);
    await completes();
  });

  for (const [what, status, code, message] of [
    ['redirects', 301, 'PermanentRedirect', 'The bucket you are attempting to access must be addressed'],
    [
      'knows no such place',
      400,
      'IllegalLocationConstraintException',
      'The me-south-1 location constraint is incompatible',
    ],
  ] as const) {
    it(`names the region when S3 ${what}`, async () => {
      await open();
      sandbox.cloud.s3.service.intercept = answer(
        status,
        `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
        { 'content-type': 'application/xml', ...(status === 301 && { 'x-amz-bucket-region': 'me-south-1' }) },
      );
      await stops('--storage-region me-south-1');
    });
  }

  it('is written to by the role of ADMINS, although another group comes first', async () => {
    await open({}, ['CURATORS', 'ADMINS']);
    await completes();
  });

  it('says which groups compete where the identity pool does not allow choosing the role', async () => {
    await open({ customRoles: false }, ['CURATORS', 'ADMINS']);
    await stops('is in the group ADMINS', 'of the group CURATORS', 'precedence', '"migrator login aws"');
    sandbox.cloud.userPool.user(sandbox.cloud.admin.username).groups = ['ADMINS', 'CURATORS'];
    await folder.exits(0, ['login', 'aws']);
    await completes();
  });

  it('says that the user is in no group that may write', async () => {
    await open({}, ['CURATORS']);
    await stops('not in the group ADMINS', 'only in CURATORS', 'Add the user to the group ADMINS');
  });

  it('says that the role of ADMINS lacks the permission, and does not tell its member to join', async () => {
    await open();
    sandbox.cloud.s3.denies = () => 'Access Denied';
    await stops('role of the group ADMINS', 'amplify-local-ADMINSGroupRole', 'deploy');
  });

  it('says that the KMS key is missing', async () => {
    await open();
    sandbox.cloud.s3.denies = ({ roleName }) =>
      `User: arn:aws:sts::123456789012:assumed-role/${roleName}/CognitoIdentityCredentials is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:us-east-1:123456789012:key/abc because no identity-based policy allows the kms:GenerateDataKey action`;
    await stops(
      'kms:GenerateDataKey is missing',
      'kms:Decrypt on arn:aws:kms:us-east-1:123456789012:key/abc',
    );
  });

  for (const words of [
    'with an explicit deny in a service control policy',
    'because no permissions boundary allows the s3:PutObject action',
  ]) {
    it(`says what forbids it: ${words}`, async () => {
      await open();
      sandbox.cloud.s3.denies = ask => denied(ask, words);
      await stops(
        'A rule of the AWS account',
        /(control policy|permissions boundary|session policy|identity-based)/,
      );
    });
  }

  it('gets the encryption header that its policy demands, in one PUT and in parts', async () => {
    await open();
    folder.add(`${folder.ids[0]}a.jpg`, Buffer.alloc(6 * 1024 * 1024, 'x'));
    sandbox.cloud.s3.denies = ask =>
      ask.action !== 's3:PutObject' || ask.headers.has('x-amz-meta-drive-file-id') === false
        ? null
        : ask.headers.get('x-amz-server-side-encryption') === 'aws:kms' &&
            ask.headers.get('x-amz-server-side-encryption-aws-kms-key-id') === 'alias/photos'
          ? null
          : denied(ask, 'with an explicit deny in a resource-based policy');
    await stops('bucket policy forbids it', '--server-side-encryption AES256');
    await set('--server-side-encryption', 'AES256');
    await stops('ask for encryption by AES256');
    await set('--server-side-encryption', 'aws:kms', '--kms-key-id', 'alias/photos');
    await folder.exits(0, ['resume', '--folder-id', folder.folderId]);
    expect(Object.keys(folder.objects())).to.have.length(3);
    for (const command of ['verify', 'doctor'])
      await folder.exits(0, [command, '--folder-id', folder.folderId]);
  });

  it('keeps an object that is locked: that file needs a person, the others go on', async () => {
    await open();
    const locked = folder.keyOf(folder.ids[0]!, `${folder.ids[0]}.jpg`);
    sandbox.cloud.s3.denies = ({ key, action }) =>
      key === locked && action === 's3:PutObject'
        ? 'Access Denied because object protected by object lock.'
        : null;
    const { stderr } = await migrate(3);
    expect(stderr).to.contain('object_locked');
    expect(Object.keys(folder.objects())).to.have.length(1);
  });
});
