import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Scratch, scratchFolder } from './scratch.ts';

const RUN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

describe('the commands config and show', () => {
  let scratch: Scratch;
  beforeEach(async () => {
    scratch = await scratchFolder();
  });
  afterEach(() => scratch.remove());

  /** Runs the real command in a process of its own, with an environment that holds nothing else. */
  const migrator = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise(resolve => {
      const env = {
        PATH: process.env.PATH,
        HOME: scratch.folder,
        AMPLIFY_MEDIA_MIGRATOR_HOME: scratch.folder,
      };
      execFile(process.execPath, [RUN, ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  const configFile = async () => JSON.parse(await readFile(`${scratch.folder}/config.json`, 'utf8'));

  it('sets values by flag and tells what changed on standard error', async () => {
    const { code, stdout, stderr } = await migrator(
      ...['config', '--region', 'us-east-1', '--concurrency', '4', '--no-default-media-public'],
    );
    expect([code, stdout]).to.deep.equal([0, '']);
    expect(stderr).to.contain('aws.region: us-east-1\nmigration.concurrency: 4\n');
    expect(await configFile()).to.deep.equal({
      aws: { region: 'us-east-1' },
      migration: { concurrency: 4, default_media_public: false },
    });
  });

  it('fills values from amplify_outputs.json; flags go before it', async () => {
    const outputs = await scratch.put('amplify_outputs.json', {
      version: '1.3',
      auth: { aws_region: 'us-east-1', user_pool_id: 'us-east-1_A', user_pool_client_id: 'fromfile' },
    });
    const { code, stdout } = await migrator('config', '--from', outputs, '--client-id', 'fromflag', '--json');
    expect(code).to.equal(0);
    expect(JSON.parse(stdout).changes).to.deep.include({
      key: 'aws.cognito.client_id',
      from: null,
      to: 'fromflag',
    });
    expect((await configFile()).aws.cognito).to.deep.equal({
      user_pool_id: 'us-east-1_A',
      client_id: 'fromflag',
    });
  });

  it('lists the flags and ends with 2 when there is nothing to set', async () => {
    const { code, stderr } = await migrator('config');
    expect(code).to.equal(2);
    expect(stderr).to.contain('--folder-id').and.contain('--from');
  });

  it('names all wrong flags at once and ends with 2', async () => {
    const { code, stderr } = await migrator('config', '--concurrency', 'ten', '--naming', 'loose');
    expect(code).to.equal(2);
    expect(stderr).to.contain('--concurrency: found "ten"').and.contain('--naming: found "loose"');
  });

  it('shows JSON and nothing but JSON on standard output, without secrets', async () => {
    await scratch.put('config.json', { naming: 'relaxed', google_drive: { client_secret: 'hunter2' } });
    const { code, stdout, stderr } = await migrator('show', '--json');
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.have.nested.property('config.naming', 'relaxed');
    expect(`${stdout}${stderr}`).not.to.contain('hunter2');
    expect(stderr).to.contain('google_drive.client_secret is not a known key');
  });

  it('says what is wrong with the file, without a stack trace, and ends with 1', async () => {
    await scratch.put('config.json', '{"naming": 3,}');
    const { code, stdout, stderr } = await migrator('show');
    expect([code, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.contain('line 1, column 14').and.not.contain('    at ');
  });
});
