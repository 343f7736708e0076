import { join, resolve } from 'node:path';
import { expect } from 'chai';
import type { ConfigError } from '../../src/config/error.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ConfigValues } from '../../src/config/settings.ts';
import { defaultConfig } from '../../src/config/settings.ts';
import { rejection, useScratch } from './scratch.ts';

describe('loading the configuration', () => {
  const scratch = useScratch();
  const load = (env: Record<string, string> = {}, flags: ConfigValues = {}) =>
    loadConfig({ home: scratch.folder, env: { HOME: '/home/somebody', ...env }, flags });
  const refusal = (...args: Parameters<typeof load>) => rejection<ConfigError>(load(...args));

  it('gives defaults when there is no file', async () => {
    const { config, warnings, path, sources } = await load();
    expect(path).to.equal(join(scratch.folder, 'config.json'));
    const paths = {
      credentials_path: join(scratch.folder, 'google_credentials.json'),
      token_path: join(scratch.folder, 'google_token.json'),
    };
    const defaults = defaultConfig();
    expect(config).to.deep.equal({ ...defaults, google_drive: { ...defaults.google_drive, ...paths } });
    expect([config.naming, config.aws.region, warnings]).to.deep.equal(['strict', '', []]);
    expect(sources).to.include({ naming: 'default', 'aws.region': 'not set' });
  });

  it('takes a flag before the environment, the environment before the file, the file before the default', async () => {
    await scratch.put('config.json', {
      aws: { region: 'eu-west-1' },
      migration: { concurrency: 7, max_range: 20 },
    });
    const only = await load();
    expect(only.config.aws.region).to.equal('eu-west-1');
    const env = await load({ AWS_REGION: 'eu-west-2' });
    expect(env.config.aws.region).to.equal('eu-west-2');
    const all = await load(
      { AWS_REGION: 'eu-west-2' },
      { 'aws.region': 'eu-west-3', 'migration.concurrency': 3, naming: undefined },
    );
    expect(all.config.aws.region).to.equal('eu-west-3');
    expect(all.config.migration).to.include({ concurrency: 3, max_range: 20, retry_attempts: 3 });
    expect(all.sources).to.include({
      'aws.region': 'flag',
      'migration.max_range': 'file',
      naming: 'default',
    });
    expect(env.sources['aws.region']).to.equal('environment');
  });

  it('takes relative paths from the folder of the file, or the working directory; ~ is the home folder', async () => {
    await scratch.put('config.json', { google_drive: { token_path: 't/t.json', credentials_path: '~/c' } });
    const { google_drive } = (await load()).config;
    expect(google_drive.token_path).to.equal(join(scratch.folder, 't', 't.json'));
    expect(google_drive.credentials_path).to.equal('/home/somebody/c');
    const address = 'https://a.example/graphql';
    const env = { GOOGLE_APPLICATION_CREDENTIALS: 'keys/a.json', AMPLIFY_API_ENDPOINT: address };
    const { config } = await load(env);
    expect(config.google_drive.credentials_path).to.equal(resolve('keys/a.json'));
    expect(config.aws.amplify.api_endpoint).to.equal(address);
  });

  it('names every wrong value of the file at once: where, what, and what is accepted', async () => {
    await scratch.put('config.json', {
      google_drive: { folder_id: '../etc', queries_per_second: 0 },
      aws: { region: 'Frankfurt', cognito: 'none', amplify: { api_endpoint: 'http://api.example/graphql' } },
      migration: { concurrency: '10', retry_attempts: 2.5, chunk_size_mb: 4, default_media_public: 'no' },
      naming: 'loose',
    });
    const { message, name, remedy, exitCode } = await refusal();
    const lines = message.split('\n');
    expect([name, exitCode]).to.deep.equal(['ConfigError', 1]);
    expect(remedy).not.to.equal('');
    expect(lines[0]).to.equal(`${join(scratch.folder, 'config.json')} has 10 wrong values:`);
    expect(lines.slice(1).map(line => line.split(': found ')[0]!.trim())).to.deep.equal([
      'google_drive.folder_id',
      'google_drive.queries_per_second',
      'aws.region',
      'aws.cognito',
      'aws.amplify.api_endpoint',
      'migration.concurrency',
      'migration.retry_attempts',
      'migration.chunk_size_mb',
      'migration.default_media_public',
      'naming',
    ]);
    expect(lines).to.include('  migration.concurrency: found "10", accepted: a whole number from 1 to 100');
    expect(lines).to.include('  naming: found "loose", accepted: "strict" or "relaxed"');
  });

  for (const [key, accepted, refused] of [
    ['concurrency', [1, 100], [0, 101]],
    ['retry_attempts', [0, 20], [-1, 21]],
    ['retry_delay_seconds', [0, 0.5, 3600], [-0.1, 3601]],
    ['chunk_size_mb', [5, 5120], [4, 5121]],
    ['throttle_patience_minutes', [0, 0.5, 1440], [-1, 1441]],
    ['max_range', [1, 10_000], [0, 10_001]],
  ] as const) {
    it(`accepts ${key} from ${accepted[0]} to ${accepted.at(-1)} and nothing beyond`, async () => {
      const flag = (value: number) => load({}, { [`migration.${key}`]: value } as ConfigValues);
      for (const value of accepted) expect((await flag(value)).config.migration[key]).to.equal(value);
      for (const value of refused)
        expect((await rejection(flag(value))).message).to.contain(`found ${value}, accepted:`);
    });
  }

  it('says line and column of what is not JSON, and quotes nothing of it', async () => {
    await scratch.put('config.json', '{\n  "naming": "strict",\n  "x_password": hunter2\n}');
    const { message, code } = await refusal();
    expect(code).to.equal('config_not_json');
    expect(message).to.contain(
      'config.json is not JSON: line 3, column 17: expected a value or a name in double quotes, found "h"',
    );
    expect(message).not.to.contain('hunter2');
  });

  it('refuses a file that is JSON but no object', async () => {
    await scratch.put('config.json', '\uFEFF[]');
    expect((await refusal()).message).to.contain('is not an object');
  });

  it('keeps unknown keys, and warns about each with the key that was probably meant', async () => {
    await scratch.put('config.json', {
      aws: { regoin: 'us-east-1' },
      migration: { chunkSizeMb: 9 },
      folder_id: 'abc',
      flavour: 'mint',
      _remark: 'mine',
    });
    const { config, warnings } = await load();
    expect(config).to.deep.include({ flavour: 'mint', folder_id: 'abc' });
    expect(warnings).to.deep.equal([
      'aws.regoin is not a known key and has no effect; did you mean aws.region?',
      'migration.chunkSizeMb is not a known key and has no effect; did you mean migration.chunk_size_mb?',
      'folder_id is not a known key and has no effect; did you mean google_drive.folder_id?',
      'flavour is not a known key and has no effect.',
    ]);
  });

  it('knows the keys of the Python tool: translates one, and names those without effect', async () => {
    const migration = {
      max_workers: 20,
      adaptive_concurrency: true,
      min_workers: 4,
      initial_workers: null,
      window_seconds: 10,
      max_inflight_buffer_mb: 512,
    };
    await scratch.put('config.json', { migration });
    const { config, warnings, sources } = await load();
    expect(config.migration.concurrency).to.equal(20);
    expect(sources['migration.concurrency']).to.equal('file');
    expect(warnings[0]).to.contain('max_workers').and.to.contain('read as migration.concurrency');
    expect(warnings[1]).to.contain('adaptive_concurrency, migration.min_workers, migration.initial_workers');
    expect(warnings).to.have.length(2);
    await scratch.put('config.json', { migration: { max_workers: 20, concurrency: 7 } });
    const own = await load();
    expect(own.config.migration.concurrency).to.equal(7);
    expect(own.warnings).to.deep.equal([
      'migration.max_workers comes from the Python tool and has no effect: migration.concurrency is set.',
    ]);
    await scratch.put('config.json', { migration: { max_workers: 0 } });
    expect((await refusal()).message).to.contain('migration.max_workers: found 0');
  });

  it('names the variable when the environment is wrong, and the flag when the command line is', async () => {
    expect((await refusal({ AWS_REGION: 'here' })).message).to.contain('  AWS_REGION: found "here"');
    const flag = await refusal({}, { 'migration.concurrency': 500 });
    expect(flag.message).to.contain('  --concurrency: found 500, accepted: a whole number from 1 to 100');
    expect(flag.exitCode).to.equal(2);
  });

  it('takes the address of a folder for its id', async () => {
    const flags = {
      'google_drive.folder_id': 'https://drive.google.com/drive/u/0/folders/1AbC-d_9?usp=sharing',
    };
    expect((await load({}, flags)).config.google_drive.folder_id).to.equal('1AbC-d_9');
  });

  it('refuses addresses of AWS to which tokens would travel unencrypted', async () => {
    for (const [name, address] of [
      ['AWS_ENDPOINT_URL', 'http://aws.example'],
      ['AWS_ENDPOINT_URL_S3', 'http://127.0.0.1.example'],
      ['AWS_ENDPOINT_URL_COGNITO_IDENTITY', 'ftp://localhost'],
    ] as const) {
      const { code, message } = await refusal({ [name]: address });
      expect(code).to.equal('endpoint_not_safe');
      expect(message).to.contain(name);
    }
    for (const host of ['127.0.0.1:8080', '127.3.2.1', '[::1]:1', 'localhost:9000']) {
      const url = `http://${host}`;
      await load({ AWS_ENDPOINT_URL_S3: url, AMPLIFY_API_ENDPOINT: url }, { 'google_drive.api_url': url });
    }
  });

  it('refuses an address that carries a password', async () => {
    await scratch.put('config.json', { google_drive: { api_url: 'https://me:pw@drive.example' } });
    const { message } = await refusal();
    expect(message).to.contain('google_drive.api_url: found "https://…@drive.example"');
    expect(message).not.to.contain('pw');
  });

  it('wants prefixes to be one letter or none, and a field once they are enabled', async () => {
    const good = { enabled: true, discriminator_field: 'country', prefixes: { '': 'IL', E: 'EG', S: '*' } };
    await scratch.put('config.json', { prefix_disambiguation: good });
    expect((await load()).config.prefix_disambiguation).to.deep.equal(good);
    for (const [change, ...says] of [
      [{ prefixes: { EG: 'x', '1': 'y' } }, 'prefixes.EG: found "EG", accepted: as a prefix', 'prefixes.1'],
      [{ prefixes: { '': '*', E: 'EG', S: '*' } }, 'accepted: "*" for one prefix at most'],
      [
        { discriminator_field: '', prefixes: {} },
        'discriminator_field: found nothing',
        'prefixes: found nothing',
      ],
      [{ discriminator_field: 'a-b' }, 'discriminator_field: found "a-b"'],
    ] as const) {
      await scratch.put('config.json', { prefix_disambiguation: { ...good, ...change } });
      const { message } = await refusal();
      for (const text of says) expect(message).to.contain(`${text}`);
    }
  });

  it('is not changed by a key called __proto__', async () => {
    await scratch.put('config.json', '{"aws": {"__proto__": {"region": "us-east-1"}}}');
    const { config } = await load();
    expect(config.aws.region).to.equal('');
    expect(({} as Record<string, unknown>).region).to.equal(undefined);
  });
});
