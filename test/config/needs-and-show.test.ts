import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeConfig, renderDescription } from '../../src/config/describe.ts';
import { ConfigError } from '../../src/config/error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { withHiddenValues } from '../../src/config/secrets.ts';
import { defaultConfig, KEYS_FOR, requireKeys } from '../../src/config/settings.ts';
import { useScratch } from './scratch.ts';

describe('what a command needs of the configuration', () => {
  const config = defaultConfig();

  it('names every missing value with the ways to set it, in one error', () => {
    let error: unknown;
    try {
      requireKeys(config, [...KEYS_FOR.cognito, ...KEYS_FOR.storage]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).to.be.instanceOf(ConfigError);
    const { message, remedy } = error as ConfigError;
    expect(message.split('\n')).to.have.length(7);
    expect(message).to.contain('aws.region (AWS region, like us-east-1): --region or AWS_REGION');
    expect(message).to.contain('aws.cognito.identity_pool_id');
    expect(remedy)
      .to.contain('migrator config --region … --user-pool-id …')
      .and.contain('amplify_outputs.json');
  });

  it('asks for nothing of AWS where only Drive is needed', () => {
    const drive = structuredClone(config);
    expect(() => requireKeys(drive, KEYS_FOR.folder)).to.throw(ConfigError, 'google_drive.folder_id');
    drive.google_drive.folder_id = '1A';
    requireKeys(drive, KEYS_FOR.folder);
  });
});

describe('showing the configuration', () => {
  const scratch = useScratch();

  it('masks what sounds like a secret, also in keys it does not know, and nothing else', () => {
    const shown = withHiddenValues({
      aws: { cognito: { username: 'a@b', client_id: 'c', password: 'p1' } },
      google_drive: { token_path: '/t', token_uri: 'https://t' },
      extra: [{ clientSecret: 's2', list: ['x'] }],
      refresh_token: { nested: 's3' },
      empty_secret: '',
    });
    expect(shown).to.deep.equal({
      aws: { cognito: { username: 'a@b', client_id: 'c', password: '********' } },
      google_drive: { token_path: '/t', token_uri: 'https://t' },
      extra: [{ clientSecret: '********', list: ['x'] }],
      refresh_token: '********',
      empty_secret: '',
    });
  });

  it('tells where each value comes from, and the state of the files that it names', async () => {
    await scratch.put('config.json', {
      aws: { cognito: { username: 'a@b.example', password: 'hunter2' } },
      google_drive: { credentials_path: 'c.json' },
    });
    await chmod(await scratch.put('c.json', {}), 0o644);
    const loaded = await loadConfig({ home: scratch.folder, env: { AWS_REGION: 'us-east-1' } });
    const description = await describeConfig(loaded);

    expect(JSON.stringify(description)).not.to.contain('hunter2');
    expect(description.files).to.deep.equal({
      'google_drive.credentials_path': { path: join(scratch.folder, 'c.json'), exists: true, mode: '644' },
      'google_drive.token_path': {
        path: join(scratch.folder, 'google_token.json'),
        exists: false,
        mode: null,
      },
    });
    const lines = renderDescription(description);
    const lineOf = (key: string) => lines.find(line => line.startsWith(`${key} `));
    expect(lineOf('aws.region')).to.match(/us-east-1 +\(environment\)$/);
    expect(lineOf('aws.cognito.username')).to.match(/a@b\.example +\(file\)$/);
    expect(lineOf('aws.cognito.client_id')).to.match(/ - +\(not set\)$/);
    expect(lineOf('migration.concurrency')).to.match(/10 +\(default\)$/);
    expect(lineOf('google_drive.credentials_path')).to.contain('should be 600');
    expect(lineOf('google_drive.token_path')).to.contain('no such file');
  });
});
