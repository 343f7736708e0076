import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { MIGRATOR } from '../project-root.ts';
import type { Outcome } from './run-command.ts';
import { type Home, meter, Sandbox, total } from './sandbox.ts';

/** An address at which nobody answers. */
async function deadEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** One error with what happened and what to do, and nothing of the program's insides. */
function expectOneClearMessage({ stderr, stdout }: Outcome): void {
  expect(stdout).to.equal('');
  expect(stderr.match(/^Error: /gm), stderr).to.have.length(1);
  expect(stderr).not.to.match(/\n\s+at |node:internal|unexpected|undefined|\[object/);
  expect(stderr.trimEnd().split('\n').length, 'says what to do').to.be.above(1);
}

interface Row {
  args?: string[];
  env?: Record<string, string>;
  prepare?: (home: Home) => void;
  /** 1 when absent. */
  code?: number;
  says: RegExp[];
}

describe('one clear message and no harm for', () => {
  const sandbox = Sandbox.forAll();
  let folderId: string;
  let dead: string;

  before(async () => {
    folderId = sandbox.seed({ '1.jpg': 'one', '2.jpg': 'two' }, [1, 2]);
    dead = await deadEndpoint();
  });

  /** A row is made when its test runs: addresses and ids are known only then. */
  const rowFor = (what: string, row: () => Row) => {
    it(what, async () => {
      const { args = ['migrate'], env, prepare, code = 1, says } = row();
      const { cloud } = sandbox;
      const home = await sandbox.home({ folderId, signedIn: !env });
      prepare?.(home);
      const outcome = await home.migrator(args, { env });
      expectOneClearMessage(outcome);
      expect(outcome.code, outcome.stderr).to.equal(code);
      for (const pattern of says) expect(outcome.stderr).to.match(pattern);
      expect(cloud.s3.objects()).to.deep.equal([]);
      expect(cloud.appSync.media.size).to.equal(0);
      for (const secret of [cloud.admin.password, 'GOCSPX-', '1//'])
        expect(outcome.stderr).not.to.include(secret);
    });
  };
  const write = (name: string, text: string) => (home: Home) => writeFileSync(join(home.path, name), text);
  const without = (name: string) => (home: Home) => rmSync(join(home.path, name));

  rowFor('no configuration', () => ({
    args: ['migrate', '--folder-id', folderId],
    prepare: without('config.json'),
    says: [/user_pool_id/, /storage_bucket/, /api_endpoint/, /migrator config/],
  }));
  rowFor('a configuration that is not JSON', () => ({
    prepare: write('config.json', '{"google_drive": {\n  "folder_id": }'),
    says: [/config\.json is not JSON: line 2, column 16/],
  }));
  rowFor('a folder that Drive does not know', () => ({
    args: ['migrate', '--folder-id', '1nosuchfolder'],
    says: [/no folder 1nosuchfolder/, /shared/],
  }));
  rowFor('a file in place of the folder', () => ({
    args: ['migrate', '--folder-id', sandbox.cloud.drive.tree.childrenOf(folderId)[0]!.id],
    says: [/[12]\.jpg \(.*\) is not a folder/],
  }));
  rowFor('a folder id that could be a path', () => ({
    args: ['migrate', '--folder-id', '../../etc'],
    code: 2,
    says: [/not the id of a Drive folder/],
  }));
  rowFor('no password without a terminal', () => ({
    env: { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' },
    says: [/no password for admin@example\.com/, /AMPLIFY_MEDIA_MIGRATOR_PASSWORD/],
  }));
  rowFor('a bucket that does not exist', () => ({
    prepare: home => home.edit(({ aws }) => (aws.amplify.storage_bucket = 'no-such-bucket')),
    says: [/bucket does not exist/, /no-such-bucket/],
  }));

  rowFor('an endpoint where nobody answers', () => ({
    env: { AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: dead },
    says: [new RegExp(dead), /ECONNREFUSED/, /network/],
  }));
  rowFor('an endpoint in the clear', () => ({
    env: { AMPLIFY_API_ENDPOINT: 'http://example.com' },
    says: [/AMPLIFY_API_ENDPOINT/, /https/],
  }));
  rowFor('a Drive that does not respond', () => ({
    prepare: home => home.edit(config => (config.google_drive.api_url = dead)),
    says: [/Drive cannot be reached/, /: connect ECONNREFUSED \S+$/m],
  }));
  rowFor('no Google token', () => ({ prepare: without('google_token.json'), says: [/google_token\.json/] }));

  it('a home that is a file', async () => {
    const home = sandbox.bareHome('a-file');
    writeFileSync(home.path, 'not a folder');
    for (const args of [['migrate'], ['config', '--region', 'us-east-1']]) {
      const outcome = await home.migrator([...args, '--folder-id', folderId]);
      expectOneClearMessage(outcome);
      expect(outcome.code).to.equal(1);
      expect(outcome.stderr).to.include(home.path).and.to.include('AMPLIFY_MEDIA_MIGRATOR_HOME');
    }
  });

  it('a full disk behind standard output', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const home = await sandbox.home({ folderId });
    const { codes, stderrs } = await home.pipe([`${MIGRATOR} list --out - >/dev/full`]);
    expect(codes).to.deep.equal([1]);
    expect(stderrs[0])
      .to.match(/disk is full/)
      .and.not.to.match(/unexpected|\n\s+at /);
  });

  it('an S3 where nobody answers: the run stops, and goes on when it is back', async () => {
    const own = sandbox.seed({ '31.jpg': 'thirty-one' }, [31]);
    const home = await sandbox.home({ folderId: own });
    const { stderr } = await home.exits(1, ['migrate'], { env: { AWS_ENDPOINT_URL_S3: dead } });
    expect(stderr)
      .to.match(/S3 cannot be reached: .*ECONNREFUSED/)
      .and.not.to.match(/\n\s+at /);
    await home.exits(0, ['resume']);
    const [object] = sandbox.cloud.s3.objects();
    expect(sandbox.cloud.s3.read(object!.key).toString()).to.equal('thirty-one');
  });

  it('nothing at all: a folder without files', async () => {
    const home = await sandbox.home({ folderId: sandbox.seed({}) });
    for (const command of ['migrate', 'list']) {
      const { stderr } = await home.exits(0, [command]);
      expect(stderr, command).to.match(/no files/);
    }
  });

  it('a wrong password, about which Cognito is asked once, so that it does not lock the user', async () => {
    const home = await sandbox.home({ folderId, signedIn: false });
    const count = meter(sandbox.cloud);
    const env = { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: 'Wrong-Password-1' };
    const outcome = await home.migrator(['migrate'], { env });
    expectOneClearMessage(outcome);
    expect(outcome.stderr).to.match(/admin@example\.com.*wrong user name or password/s);
    expect(total(count(), 'cognito')).to.equal(2);
  });
});
