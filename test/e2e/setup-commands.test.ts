import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Home, meter, Sandbox } from './sandbox.ts';

describe('config and show', () => {
  const sandbox = Sandbox.forAll();
  let home: Home;
  let homes = 0;
  beforeEach(() => {
    homes += 1;
    home = sandbox.bareHome(`config-${homes}`);
  });

  const configFile = () => JSON.parse(home.read('config.json'));

  it('config sets values by flag, says what changed, and keeps the file to its owner', async () => {
    const first = await home.exits(0, ['config', '--concurrency', '20', '--default-media-public']);
    expect(first.stderr).to.include('migration.concurrency: 20').and.to.include('config.json');
    expect(configFile().migration).to.deep.equal({ concurrency: 20, default_media_public: true });
    expect(statSync(join(home.path, 'config.json')).mode & 0o777).to.equal(0o600);
    expect(statSync(home.path).mode & 0o777).to.equal(0o700);

    const second = await home.migrator(['config', '--concurrency', '5', '--no-default-media-public']);
    expect(second.stderr).to.include('migration.concurrency: 20 → 5');
    expect(configFile().migration).to.deep.equal({ concurrency: 5, default_media_public: false });

    const third = await home.exits(0, ['config', '--concurrency', '5']);
    expect(third.stderr).to.include('No change');
  });

  it('config --from reads the values of an Amplify project; flags have precedence', async () => {
    const outputs = join(sandbox.folder, 'amplify_outputs.json');
    writeFileSync(outputs, JSON.stringify(sandbox.cloud.amplifyOutputs()));
    const { cloud } = sandbox;
    const flags = ['--username', cloud.admin.username, '--storage-region', 'eu-west-1'];
    await home.exits(0, ['config', '--from', outputs, ...flags]);
    expect(configFile().aws).to.containSubset({
      region: 'us-east-1',
      cognito: {
        user_pool_id: cloud.userPool.poolId,
        client_id: cloud.userPool.clientId,
        identity_pool_id: cloud.identityPool.identityPoolId,
        username: cloud.admin.username,
      },
      amplify: {
        api_endpoint: cloud.appSync.endpoint,
        storage_bucket: cloud.s3.bucket,
        // A flag has precedence.
        storage_region: 'eu-west-1',
      },
    });
  });

  it('config leaves keys that it does not know, and show warns of them', async () => {
    await home.migrator(['config', '--concurrency', '4']);
    home.edit(config => {
      config.migration.concurency = 9;
      config.notes = { kept: true };
    });
    await home.migrator(['config', '--max-range', '50']);
    expect(configFile()).to.deep.include({ notes: { kept: true } });
    expect(configFile().migration).to.include({ concurency: 9, max_range: 50 });
    const { stderr } = await home.migrator(['show']);
    expect(stderr).to.match(/migration\.concurency is not a known key.*did you mean migration\.concurrency/);
  });

  for (const { args, says } of [
    { args: ['--region', 'x', '--max-range', '0'], says: /2 wrong values:\n.*--region.*\n.*--max-range/ },
    { args: [], says: /Nothing to set/ },
  ]) {
    it(`config ${args.join(' ') || 'without a flag'} is wrong usage, and writes nothing`, async () => {
      const { stderr } = await home.exits(2, ['config', ...args]);
      expect(stderr).to.match(says);
      expect(() => home.read('config.json')).to.throw(/ENOENT/);
    });
  }

  it('config --json and show --json give one JSON document and nothing else', async () => {
    const { changes } = await home.json('config', '--concurrency', '7');
    expect(changes).to.deep.equal([{ key: 'migration.concurrency', from: null, to: 7 }]);
    const { config: shown, sources } = await home.json('show');
    expect(shown.migration.concurrency).to.equal(7);
    expect(sources).to.include({
      'migration.concurrency': 'file',
      'aws.region': 'environment',
      'migration.max_range': 'default',
      'aws.cognito.username': 'not set',
    });
  });

  it('show masks secrets and never opens the files that hold them', async () => {
    const full = await sandbox.home({ folderId: '1abc' });
    full.edit(config => {
      Object.assign(config.google_drive, { client_secret: 'GOCSPX-hidden', password: 'hidden-password' });
    });
    const env = {
      MIGRATOR_QUOTA_REDIS_URL: 'rediss://user:hidden-in-url@quota.example.org:6379',
      MIGRATOR_QUOTA_REDIS_PASSWORD: 'hidden-redis',
    };
    const token = JSON.parse(readFileSync(join(full.path, 'google_token.json'), 'utf8'));
    for (const args of [['show'], ['show', '--json']]) {
      const { stdout, stderr } = await full.migrator(args, { env });
      for (const secret of ['hidden', token.refresh_token, token.client_secret, sandbox.cloud.admin.password])
        expect(stdout + stderr).not.to.include(secret);
      expect(stdout)
        .to.include('google_token.json')
        .and.to.include('1abc')
        .and.to.include('quota.example.org');
    }
  });
});

describe('the command line', () => {
  const sandbox = Sandbox.forAll();
  let home: Home;
  before(async () => {
    home = await sandbox.home({ folderId: sandbox.seed({ '1.jpg': 'one', 'x.jpg': 'x' }, [1]) });
  });

  for (const { args, says } of [
    { args: ['migrate', '--concurrency', '0'], says: /--concurrency/ },
    { args: ['transfer', '--concurrency', '101'], says: /--concurrency/ },
    { args: ['scan', '--bandwidth-mbit', '-1'], says: /--bandwidth-mbit/ },
  ]) {
    it(`takes ${args.join(' ')} for wrong usage: exit code 2, and nothing is asked of anybody`, async () => {
      const count = meter(sandbox.cloud);
      const { stderr, stdout } = await home.exits(2, args);
      expect(stdout).to.equal('');
      expect(stderr)
        .to.match(says)
        .and.not.to.match(/\n\s+at /);
      expect(count()).to.deep.equal({});
    });
  }

  it('gives one JSON document and nothing else on standard output with --json', async () => {
    for (const args of [['migrate'], ['resume']]) {
      const { stdout, code } = await home.migrator([...args, '--json', '--verbose']);
      expect(() => JSON.parse(stdout), args.join(' ')).not.to.throw();
      expect(code, args.join(' ')).to.be.oneOf([0, 3]);
    }
  });

  it('gives errors as JSON with code, message and remedy', async () => {
    const { code, error } = await home.json('migrate', '--folder-id', '1nowhere');
    expect([code, error.code]).to.deep.equal([1, 'folder_not_found']);
    expect(error.message).to.include('1nowhere');
    expect(error.remedy).to.be.a('string');
  });
});
