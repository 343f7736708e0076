import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../project-root.ts';
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
  /** Who signs in; the administrator when absent. */
  username?: string;
  prepare?: (home: Home) => void;
  /** 1 when absent. */
  code?: number;
  says: RegExp[];
}

describe('one clear message and no harm for', () => {
  let sandbox: Sandbox;
  let folderId: string;
  let dead: string;

  before(async () => {
    sandbox = await Sandbox.open();
    folderId = sandbox.seed({ '1.jpg': 'one', '2.jpg': 'two' }, [1, 2]);
    dead = await deadEndpoint();
  });
  after(() => sandbox.close());

  /** A row is made when its test runs: addresses and ids are known only then. */
  const rowFor = (what: string, row: () => Row) => {
    it(what, async () => {
      const { args = ['migrate'], env, username, prepare, code = 1, says } = row();
      const { cloud } = sandbox;
      const home = await sandbox.home({ folderId, username, signedIn: !env && !username });
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
  const seedOf = (files: Record<string, string>) => sandbox.seed(files);

  rowFor('no configuration', () => ({
    args: ['migrate', '--folder-id', folderId],
    prepare: without('config.json'),
    says: [/user_pool_id/, /storage_bucket/, /api_endpoint/, /migrator config/],
  }));
  rowFor('half a configuration, naming all that is missing', () => ({
    prepare: home =>
      home.edit(({ aws }) => {
        delete (aws.cognito as Record<string, unknown>).client_id;
        delete aws.amplify;
      }),
    says: [/lacks 3 values/, /cognito\.client_id/, /amplify\.storage_bucket/, /amplify\.api_endpoint/],
  }));
  rowFor('wrong types in the configuration, naming all of them', () => ({
    prepare: home =>
      home.edit(config => {
        Object.assign(config.migration, { concurrency: 'ten', default_media_public: 'no' });
        config.aws.region = 7;
        config.naming = 'loose';
      }),
    says: [
      /config\.json has 4 wrong values/,
      /migration\.concurrency: found "ten"/,
      /default_media_public: found "no"/,
      /aws\.region: found 7/,
      /naming: found "loose", accepted: "strict" or "relaxed"/,
    ],
  }));
  rowFor('a configuration that is not JSON', () => ({
    prepare: write('config.json', '{"google_drive": {\n  "folder_id": }'),
    says: [/config\.json is not JSON: line 2, column 16/],
  }));
  rowFor('a folder that Drive does not know', () => ({
    args: ['migrate', '--folder-id', '1nosuchfolder'],
    says: [/no folder 1nosuchfolder/, /shared/],
  }));
  rowFor('a folder in the trash', () => ({
    args: ['list', '--folder-id', sandbox.cloud.drive.tree.addFolder({ name: 'old', trashed: true })],
    says: [/in the trash/, /Restore/],
  }));
  rowFor('a file in place of the folder', () => ({
    args: ['migrate', '--folder-id', sandbox.cloud.drive.tree.childrenOf(folderId)[0]!.id],
    says: [/[12]\.jpg \(.*\) is not a folder/],
  }));
  rowFor('a folder that is not shared with the Google account', () => {
    const theirs = seedOf({ '3.jpg': 'x' });
    sandbox.cloud.drive.tree.share(theirs, 'somebody.else@example.com');
    return { args: ['migrate', '--folder-id', theirs], says: [/no folder/, /shared with/] };
  });
  rowFor('a folder id that could be a path', () => ({
    args: ['migrate', '--folder-id', '../../etc'],
    code: 2,
    says: [/not the id of a Drive folder/],
  }));
  rowFor('a wrong password', () => ({
    env: { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: 'Wrong-Password-1' },
    says: [/admin@example\.com/, /wrong user name or password/],
  }));
  rowFor('no password without a terminal', () => ({
    env: { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' },
    says: [/no password for admin@example\.com/, /AMPLIFY_MEDIA_MIGRATOR_PASSWORD/],
  }));
  rowFor('an unknown user', () => ({ username: 'nobody@example.com', says: [/nobody@example\.com/] }));
  rowFor('a bucket that does not exist', () => ({
    prepare: home =>
      home.edit(({ aws }) => {
        (aws.amplify as Record<string, unknown>).storage_bucket = 'no-such-bucket';
      }),
    says: [/bucket does not exist/, /no-such-bucket/],
  }));

  for (const name of ['AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER', 'AMPLIFY_API_ENDPOINT']) {
    rowFor(`an endpoint where nobody answers: ${name}`, () => ({
      env: { [name]: dead },
      says: [new RegExp(dead), /ECONNREFUSED/, /network/],
    }));
    rowFor(`an endpoint in the clear: ${name}`, () => ({
      env: { [name]: 'http://example.com' },
      says: [new RegExp(name), /https/],
    }));
  }
  rowFor('a Drive that does not answer', () => ({
    prepare: home =>
      home.edit(config => {
        config.google_drive.api_url = dead;
      }),
    says: [/Drive cannot be reached/, /: connect ECONNREFUSED \S+$/m],
  }));
  rowFor('no Google token', () => ({ prepare: without('google_token.json'), says: [/google_token\.json/] }));
  rowFor('no Google credentials', () => ({
    prepare: without('google_credentials.json'),
    says: [/google_credentials\.json/, /Google Cloud console/],
  }));
  rowFor('a Google token file that is not JSON', () => ({
    prepare: write('google_token.json', '{nope'),
    says: [/google_token\.json is not JSON/],
  }));
  rowFor('a Google sign-in that was revoked', () => ({
    prepare: home =>
      sandbox.cloud.drive.accounts.revoke(JSON.parse(home.read('google_token.json')).refresh_token),
    says: [/Google sign-in is no longer valid/, /seven days/],
  }));

  for (const args of [['migrate'], ['config', '--region', 'us-east-1']]) {
    it(`a home that is a file: ${args[0]}`, async () => {
      const home = sandbox.bareHome(`file-${args[0]}`);
      writeFileSync(home.path, 'not a folder');
      const outcome = await home.migrator([...args, '--folder-id', folderId]);
      expectOneClearMessage(outcome);
      expect(outcome.code).to.equal(1);
      expect(outcome.stderr).to.include(home.path).and.to.include('AMPLIFY_MEDIA_MIGRATOR_HOME');
    });
  }

  it('a full disk behind standard output', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const home = await sandbox.home({ folderId });
    for (const args of ['list --out -', 'show']) {
      const { codes, stderrs } = await home.pipe([
        `"${process.execPath}" "${join(projectRoot(), 'bin', 'run.js')}" ${args} >/dev/full`,
      ]);
      expect(codes, args).to.deep.equal([1]);
      expect(stderrs[0], args)
        .to.match(/disk is full/)
        .and.not.to.match(/unexpected|\n\s+at /);
    }
  });

  it('an S3 where nobody answers: the run stops, and goes on when it is back', async () => {
    const own = sandbox.seed({ '31.jpg': 'thirty-one' }, [31]);
    const home = await sandbox.home({ folderId: own });
    const { code, stderr } = await home.migrator(['migrate'], { env: { AWS_ENDPOINT_URL_S3: dead } });
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/S3 cannot be reached: .*ECONNREFUSED/)
      .and.not.to.match(/\n\s+at /);
    expect((await home.migrator(['resume'])).code).to.equal(0);
    const [object] = sandbox.cloud.s3.objects();
    expect(sandbox.cloud.s3.read(object!.key).toString()).to.equal('thirty-one');
  });

  it('nothing at all: a folder without files', async () => {
    const home = await sandbox.home({ folderId: sandbox.seed({}) });
    for (const command of ['migrate', 'scan', 'list']) {
      const { code, stderr } = await home.migrator([command]);
      expect(code, command).to.equal(0);
      expect(stderr, command).to.match(/no files/);
    }
  });

  it('a token that has expired but can be renewed: none', async () => {
    const home = await sandbox.home({ folderId });
    const token = JSON.parse(home.read('google_token.json'));
    const old = { ...token, token: 'ya29.old', expiry: '2020-01-01T00:00:00Z' };
    writeFileSync(join(home.path, 'google_token.json'), JSON.stringify(old));
    expect((await home.migrator(['list'])).code).to.equal(0);
  });

  it('asks Cognito once for a wrong password, so that it does not lock the user', async () => {
    const home = await sandbox.home({ folderId, signedIn: false });
    const count = meter(sandbox.cloud);
    await home.migrator(['migrate'], { env: { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: 'Wrong-Password-1' } });
    expect(total(count(), 'cognito')).to.equal(2);
  });
});
