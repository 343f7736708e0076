import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Account, CloudOptions } from '../cloud/cloud.ts';
import { always, s3Refusal } from '../faults.ts';
import { type Home, meter, Sandbox } from './sandbox.ts';

type Finding = Record<'name' | 'status' | 'detail' | 'problem' | 'remedy' | 'because' | 'code', string>;

const ALL =
  'config addresses proxy google_sign_in folder shared_query_rate cognito_sign_in admins_group ' +
  'identity_pool_keys storage_write appsync_read appsync_schema clock';

describe('doctor', () => {
  let sandbox: Sandbox;
  let home: Home;
  let folderId: string;

  const open = async (options: CloudOptions = {}, account?: (sandbox: Sandbox) => Account) => {
    sandbox = await Sandbox.open(options);
    folderId = sandbox.seed({ '1.jpg': 'one' });
    sandbox.cloud.appSync.addObservations([1, 2, 3]);
    home = await sandbox.home({ folderId, account: account?.(sandbox) });
  };
  afterEach(() => sandbox.close());

  const findings = async (
    ...args: string[]
  ): Promise<{ code: number | null; byName: Record<string, Finding> }> => {
    const { code, stdout } = await home.migrator(['doctor', '--json', ...args]);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Finding[] };
    expect(ok).to.equal(code === 0);
    expect(checks.map(({ name }) => name).join(' ')).to.equal(ALL);
    return { code, byName: Object.fromEntries(checks.map(check => [check.name, check])) };
  };
  const wrongOnes = (byName: Record<string, Finding>) =>
    Object.values(byName).flatMap(({ name, status }) => (status === 'wrong' ? [name] : []));

  it('finds nothing wrong with a good home, one line for each check, and leaves nothing behind', async () => {
    await open();
    const count = meter(sandbox.cloud);
    const { code, stdout, stderr } = await home.migrator(['doctor']);
    expect([code, stderr]).to.deep.equal([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).to.have.length(ALL.split(' ').length);
    for (const line of lines) expect(line).to.match(/^ok /);
    expect(stdout).to.contain('person@example.com').and.to.contain(' directly in it');
    expect(stdout).to.contain('amplify-local-ADMINSGroupRole');
    expect(sandbox.cloud.s3.objects()).to.deep.equal([]);
    expect(count()).to.include({ 's3 PutObject': 1, 's3 DeleteObject': 1 });
    expect(sandbox.cloud.appSync.media.size).to.equal(0);
  });

  it('tells what a user outside ADMINS lacks, and what is fine all the same', async () => {
    await open({}, ({ cloud }) => cloud.viewer);
    const { code, byName } = await findings();
    expect(code).to.equal(1);
    expect(wrongOnes(byName)).to.deep.equal(['admins_group', 'storage_write']);
    expect(byName.admins_group!.remedy).to.contain('ADMINS');
    expect(byName.identity_pool_keys!.detail).to.contain('the role of all signed-in users');
    expect(byName.storage_write!.code).to.equal('storage_access_denied');
  });

  it('checks the rest when the password is wrong, and says what it could not check', async () => {
    await open();
    rmSync(join(home.path, 'cognito_token.json'));
    home.env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD = 'Wrong-Horse-1';
    const { code, byName } = await findings();
    expect(code).to.equal(1);
    expect(wrongOnes(byName)).to.deep.equal(['cognito_sign_in']);
    expect(byName.folder!.status).to.equal('ok');
    expect(byName.storage_write).to.include({
      status: 'not_checked',
      because: 'Identity pool was skipped',
    });
    expect(sandbox.cloud.userPool.service.requests.get('RespondToAuthChallenge')).to.equal(1);
  });

  it('goes on after each fault: Google, names of the schema, the clock, and an object that cannot be removed', async () => {
    await open();
    const { drive, userPool, s3 } = sandbox.cloud;
    drive.accounts.revoke(JSON.parse(home.read('google_token.json')).refresh_token);
    home.edit(config => {
      const media = { create_mutation: 'addMedia' };
      config.aws.amplify.models = { observation: { index_query: 'byNumber' }, media };
    });
    userPool.service.intercept = (request, response) => {
      if (request.url?.includes('jwks'))
        response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
      return false;
    };
    always(s3.service, /^DELETE/, s3Refusal(403, 'AccessDenied'));
    const { code, byName } = await findings();
    expect(code).to.equal(1);
    expect(wrongOnes(byName)).to.have.members(['google_sign_in', 'storage_write', 'appsync_schema', 'clock']);
    expect(byName.google_sign_in!.remedy).to.contain('migrator login google');
    expect(byName.folder!.status).to.equal('not_checked');
    expect(byName.appsync_schema!.problem)
      .to.contain('no query byNumber')
      .and.to.contain('no mutation addMedia');
    expect(byName.clock!.code).to.equal('clock_skew');
    expect(byName.clock!.problem).to.match(/3\d{3} s behind/);
    expect(byName.storage_write!.code).to.equal('storage_delete_refused');
    expect(byName.storage_write!.problem).to.contain('media/.migrator-doctor-');
  });

  it('lists every missing value with the one command that asks for them', async () => {
    await open();
    home.edit(config => Object.assign(config.aws, { amplify: {} }));
    const { code, byName } = await findings();
    expect(code).to.equal(1);
    expect(wrongOnes(byName)).to.deep.equal(['config']);
    expect(byName.config!.problem).to.contain('api_endpoint').and.to.contain('storage_bucket');
    expect(byName.storage_write!.because).to.equal('aws.amplify.storage_bucket is not set');
    expect(byName.cognito_sign_in!.status).to.equal('ok');
    const { stdout } = await home.migrator(['doctor']);
    expect(stdout).to.match(
      /^FAILED +Configuration +The configuration lacks 2 values:\n +aws\.amplify\..*\n +aws\.amplify\..*\n +Fix: .*migrator config/m,
    );
  });

  it('runs the other checks with a wrong configuration', async () => {
    await open();
    home.edit(config => Object.assign(config.migration, { concurrency: 'many' }));
    const { code, byName } = await findings();
    expect([code, wrongOnes(byName)]).to.deep.equal([1, ['config']]);
    expect(byName.config!.problem).to.contain('migration.concurrency');
  });

  it('shows the addresses that ~/.aws/config leads to, and sends nothing to one that is not https', async () => {
    await open();
    const { cloud } = sandbox;
    const services = join(sandbox.folder, 'aws-config');
    const config = (names: Record<string, string>) => {
      const section = Object.entries(names).map(([name, url]) => `${name} =\n  endpoint_url = ${url}\n`);
      writeFileSync(services, `[profile p]\nservices = local\n[services local]\n${section.join('')}`);
    };
    for (const name of Object.keys(home.env)) if (name.startsWith('AWS_ENDPOINT_URL')) delete home.env[name];
    Object.assign(home.env, { AWS_CONFIG_FILE: services, AWS_PROFILE: 'p' });
    const good = {
      s3: cloud.s3.service.url,
      cognito_identity_provider: cloud.userPool.service.url,
      cognito_identity: cloud.identityPool.service.url,
    };
    config(good);
    const { code, byName } = await findings();
    expect([code, wrongOnes(byName)]).to.deep.equal([0, []]);
    for (const url of Object.values(good)) expect(byName.addresses!.detail).to.contain(url);

    config({ ...good, s3: 'http://127.0.0.1.example.com:9' });
    const { addresses } = (await findings()).byName;
    expect(addresses).to.include({ status: 'wrong', code: 'endpoint_not_safe' });
    const { code: refused, stderr } = await home.migrator(['migrate']);
    expect([refused, stderr.includes('is not https')], stderr).to.deep.equal([1, true]);
    expect(cloud.s3.objects()).to.deep.equal([]);
  });
});
