import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import type { Outcome } from './run-command.ts';
import { type Home, Sandbox } from './sandbox.ts';

/** The files in which secrets live. */
const HOLD_SECRETS = new Set(['google_token.json', 'google_credentials.json', 'cognito_token.json']);

describe('secrets', () => {
  const sandbox = Sandbox.forEach({ userPool: { tokenLifetimeSeconds: 2 }, credentialsLifetimeSeconds: 2 });
  let home: Home;
  let folderId: string;
  let said: string[];
  let handedOut: Set<string>;

  beforeEach(async () => {
    const sample = seedSampleFolder(sandbox.cloud.drive);
    folderId = sample.folderId;
    sandbox.cloud.appSync.addObservations(sample.sequentialIds);
    home = await sandbox.home({ folderId });
    said = [];
    handedOut = new Set([sandbox.cloud.admin.password]);
    noteSecrets();
  });

  /** Remembers every token and key that the services give or are shown. */
  const noteSecrets = (): void => {
    const { drive, s3, appSync, credentials } = sandbox.cloud;
    for (const { service } of [drive, s3, appSync]) {
      service.intercept = request => {
        const { authorization = '' } = request.headers;
        handedOut.add(/^Bearer (.+)/.exec(authorization)?.[1] ?? authorization);
        const session = request.headers['x-amz-security-token'];
        if (typeof session === 'string') handedOut.add(session);
        const signature = /Signature=(\w+)/.exec(authorization)?.[1];
        if (signature) handedOut.add(signature);
        const keyId = /Credential=(\w+)/.exec(authorization)?.[1];
        const secret = keyId && credentials.find(keyId)?.secretAccessKey;
        if (secret) handedOut.add(secret);
        return false;
      };
    }
  };
  const migrator = async (args: string[], env: Record<string, string> = {}): Promise<Outcome> => {
    const outcome = await home.migrator(args, { env });
    said.push(outcome.stdout, outcome.stderr);
    return outcome;
  };
  const filesBelow = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
    );
  const secrets = (): string[] => {
    for (const name of HOLD_SECRETS) {
      const walk = (value: unknown, key = ''): void => {
        if (typeof value === 'string' && /secret|token$|access_token/.test(key)) handedOut.add(value);
        if (typeof value === 'object' && value)
          for (const [k, below] of Object.entries(value)) walk(below, k);
      };
      walk(JSON.parse(home.read(name)));
    }
    handedOut.delete('');
    return [...handedOut];
  };
  const expectNoSecret = (): void => {
    const known = secrets();
    expect(known.length).to.be.above(4);
    const texts: [string, string][] = said.map(text => ['what the command said', text]);
    for (const path of filesBelow(home.path)) {
      if (!HOLD_SECRETS.has(path.split('/').at(-1)!)) texts.push([path, readFileSync(path, 'utf8')]);
    }
    for (const [where, text] of texts)
      for (const secret of known)
        expect(text.includes(secret), `${where}: ${secret.slice(0, 12)}…`).to.equal(false);
  };

  it('are in no log, manifest, summary or message after a run with everything in it', async () => {
    await migrator(['login', 'aws']);
    await migrator(['scan', '--verbose'], { LOG_LEVEL: 'trace' });
    await migrator(['migrate', '--verbose', '--json'], { LOG_LEVEL: 'trace', DEBUG: '*' });
    await migrator(['show', '--json', '--verbose']);
    await migrator(['doctor', '--verbose']);
    await migrator(['status', '--verbose']);
    expect(filesBelow(join(home.path, 'logs')).length).to.be.above(3);
    expectNoSecret();
  });

  it('are in no error: refused sign-ins, dead endpoints, answers that make no sense', async () => {
    await migrator(['login', 'aws']);
    const { cloud } = sandbox;
    const noise = Object.values(JSON.parse(home.read('google_token.json'))).join(' ');
    const echo: typeof cloud.drive.service.intercept = async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.writeHead(500, { 'content-type': 'text/html' });
      response.end(`<pre>${JSON.stringify(request.headers)} ${body} ${noise}</pre>`);
      return true;
    };
    for (const service of [cloud.drive, cloud.s3, cloud.appSync, cloud.identityPool, cloud.userPool]) {
      const before = service.service.intercept;
      service.service.intercept = echo;
      const command = service === cloud.userPool ? ['login', 'aws'] : ['doctor'];
      const { code } = await migrator([...command, '--verbose']);
      expect(code).to.equal(1);
      service.service.intercept = before;
    }
    const wrong = 'Wrong-Horse-Battery-1';
    handedOut.add(wrong);
    await migrator(['login', 'aws', '--verbose'], { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: wrong });
    expectNoSecret();
  });

  it('are not in what a crash leaves behind', async () => {
    await migrator(['login', 'aws']);
    const hook = join(sandbox.folder, 'crash.cjs');
    writeFileSync(
      hook,
      `process.report.directory = ${JSON.stringify(home.path)};
      process.on('exit', () => process.report.writeReport());
      // As soon as the command is under way.
      setInterval(() => { if (process.listenerCount('uncaughtException') > 0) throw Object.assign(new Error('crash with ' + process.argv.join(' ')), {
        config: { headers: { authorization: 'Bearer ' + require('fs').readFileSync(${JSON.stringify(join(home.path, 'cognito_token.json'))}, 'utf8') } },
      }); }, 20);`,
    );
    const { code, stderr } = await migrator(['migrate', '--verbose'], { NODE_OPTIONS: `--require ${hook}` });
    expect([code, stderr]).to.satisfy(
      ([c, text]: [number, string]) => c === 1 && text.includes('crash with'),
    );
    expect(filesBelow(home.path).some(path => /report\..*\.json$/.test(path))).to.equal(true);
    expectNoSecret();
  });

  it('lie in files that are closed again when they were open, with a warning; what the tool has not made stays', async () => {
    await migrator(['login', 'aws']);
    chmodSync(home.path, 0o1777);
    for (const name of HOLD_SECRETS) chmodSync(join(home.path, name), 0o644);
    const { stderr } = await migrator(['scan']);
    const modeOf = (name: string) => (statSync(join(home.path, name)).mode & 0o7777).toString(8);
    for (const name of ['cognito_token.json', 'google_token.json']) {
      expect(modeOf(name), name).to.equal('600');
      expect(stderr).to.contain(`${name} was open to other users (mode 644); it is now 600.`);
    }
    expect(modeOf('google_credentials.json')).to.equal('644');
    expect(modeOf('.')).to.equal('1777');
    expect(stderr).to.match(/google_credentials\.json is open to other users \(mode 644\).*chmod 600/);
    expect(stderr).to.match(/ is open to other users \(mode 1777\).*chmod 700/);
    chmodSync(home.path, 0o700);
    chmodSync(join(home.path, 'google_credentials.json'), 0o600);
    expect((await migrator(['scan'])).stderr).not.to.contain('Warning');

    const shared = join(sandbox.folder, 'shared.json');
    renameSync(join(home.path, 'google_token.json'), shared);
    chmodSync(shared, 0o644);
    symlinkSync(shared, join(home.path, 'google_token.json'));
    expect((await migrator(['scan'])).stderr).to.match(
      /google_token\.json is open to other users \(mode 644\)/,
    );
    expect(statSync(shared).mode & 0o777).to.equal(0o644);
  });
});
