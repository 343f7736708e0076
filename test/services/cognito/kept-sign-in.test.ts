import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { TokenStore } from '../../../src/services/cognito/token-store.ts';
import type { RunError } from '../../../stages/errors.ts';
import { createUserPool, type UserPool, type UserPoolOptions } from '../../cloud/cognito/user-pool.ts';
import { rejection, type Scratch, scratchFolder } from '../../config/scratch.ts';
import { type Change, EMAIL, HOUR_MS, PASSWORD, passwordOnly, sessionAt } from './local-session.ts';

describe('a Cognito sign-in that is kept between commands', () => {
  let now: number;
  let scratch: Scratch;
  let userPool: UserPool;
  let asked: number;
  let warnings: string[];
  const clock = () => now;

  /** What another process would have: everything of its own but the home folder. */
  const command = ({ home = scratch.folder, ...change }: Change & { home?: string } = {}) => {
    const questions = passwordOnly(() => {
      asked += 1;
      return PASSWORD;
    });
    const store = new TokenStore({ home, warn: message => warnings.push(message) });
    return sessionAt(userPool, null, questions, { store, now: clock, ...change });
  };
  const start = async (options: UserPoolOptions = {}) => {
    userPool = await createUserPool({ now: clock, ...options });
    userPool.addUser({ username: EMAIL, password: PASSWORD });
    userPool.addUser({ username: 'other@example.com', password: PASSWORD });
  };
  const requests = () => Object.fromEntries(userPool.service.requests);
  const path = () => join(scratch.folder, 'cognito_token.json');

  beforeEach(async () => {
    now = Date.now();
    asked = 0;
    warnings = [];
    scratch = await scratchFolder();
  });
  afterEach(() => Promise.all([userPool?.close(), scratch.remove()]));

  for (const [devices, rotation] of [
    ['always', true],
    ['opt-in', false],
  ] as const) {
    it(`is renewed where the pool remembers devices (${devices}, rotation ${rotation ? 'on' : 'off'})`, async () => {
      await start({ devices, rotation });
      await command().idToken();
      for (let hours = 1; hours <= 3; hours += 1) {
        now += HOUR_MS;
        userPool.verifyToken(await command().idToken());
      }
      expect([asked, requests().ConfirmDevice, userPool.devices.all.size]).to.deep.equal([1, 1, 1]);
    });
  }

  it('is followed by a sign-in as the same device, which needs no second factor then', async () => {
    await start({ devices: 'always' });
    await command().idToken();
    userPool.user(EMAIL).mfa = 'totp';
    await command().signIn();
    userPool.revokeAll();
    now += HOUR_MS;
    userPool.verifyToken(await command().idToken());
    expect([asked, requests().ConfirmDevice, userPool.devices.all.size]).to.deep.equal([3, 1, 1]);
  });

  it('is followed by a sign-in as a new device when the pool has forgotten the old one', async () => {
    await start({ devices: 'always' });
    await command().idToken();
    userPool.devices.forgetAll();
    await command().signIn();
    now += HOUR_MS;
    userPool.verifyToken(await command().idToken());
    expect([asked, requests().ConfirmDevice, userPool.devices.all.size]).to.deep.equal([2, 2, 1]);
  });

  it('serves the next command without password and without a request', async () => {
    await start();
    const token = await command().idToken();
    const before = requests();
    expect(await command().idToken()).to.equal(token);
    expect([asked, requests()]).to.deep.equal([1, before]);
  });

  it('lies in a file that only its owner can read, and holds no password', async () => {
    await start();
    await command().idToken();
    expect((await stat(path())).mode & 0o777).to.equal(0o600);
    expect(await readFile(path(), 'utf8')).not.to.contain(PASSWORD);
  });

  it('belongs to one user of one pool', async () => {
    await start();
    await command().idToken();
    const other = await command({ username: 'other@example.com' }).idToken();
    expect(userPool.verifyToken(other).email).to.equal('other@example.com');
    expect(userPool.verifyToken(await command().idToken()).email).to.equal(EMAIL);
    expect(asked).to.equal(2);
  });

  for (const rotation of [false, true]) {
    const how = rotation ? ' when refresh tokens rotate' : '';
    it(`is renewed once for five commands that find it expired at the same time${how}`, async () => {
      await start({ rotation });
      await command().idToken();
      now += HOUR_MS;
      const count = userPool.service.requests.get('GetTokensFromRefreshToken') ?? 0;
      const before = (requests().InitiateAuth ?? 0) + count;
      const five = Array.from({ length: 5 }, () => command());
      const tokens = await Promise.all(five.map(session => session.idToken()));
      expect(new Set(tokens)).to.have.length(1);
      userPool.verifyToken(tokens[0]!);
      const { InitiateAuth = 0, GetTokensFromRefreshToken = 0 } = requests();
      // A pool with rotation refuses the one way to renew before it takes the other.
      expect(InitiateAuth + GetTokensFromRefreshToken - before).to.equal(rotation ? 2 : 1);
      expect(asked).to.equal(1);
    });
  }

  it('is made once by five commands that find none', async () => {
    await start();
    await Promise.all(Array.from({ length: 5 }, () => command().idToken()));
    expect(asked).to.equal(1);
    expect(requests().RespondToAuthChallenge).to.equal(1);
  });

  it('gives way to a new sign-in when it has been revoked since', async () => {
    await start();
    await command().idToken();
    userPool.revokeAll();
    now += HOUR_MS;
    userPool.verifyToken(await command().idToken());
    expect(asked).to.equal(2);
  });

  it('ends the run when it is revoked on the way, and says so while the token is still good', async () => {
    await start();
    const ended: RunError[] = [];
    const session = command({ onEnded: error => ended.push(error) });
    const token = await session.idToken();
    userPool.revokeAll();
    now += HOUR_MS - 200_000;
    expect(await session.idToken()).to.equal(token);
    expect(ended.map(({ code }) => code)).to.deep.equal(['sign_in_expired']);
    expect(ended[0]!.remedy).to.contain('migrator login aws').and.to.contain('migrator resume');
    now += 200_000;
    expect((await rejection<RunError>(session.idToken())).code).to.equal('sign_in_expired');
    expect([asked, ended.length]).to.deep.equal([1, 1]);
  });

  it('is taken up by a running command after somebody has signed in anew elsewhere', async () => {
    await start();
    const running = command();
    await running.idToken();
    userPool.revokeAll();
    now += HOUR_MS - 100_000;
    await command().signIn();
    userPool.verifyToken(await running.idToken());
    now += 200_000;
    userPool.verifyToken(await running.idToken());
    expect(asked).to.equal(2);
  });

  it('counts as none when the file is damaged', async () => {
    await start();
    for (const content of [
      '{"sign_ins": [{"user_pool',
      '{"sign_ins": 3}',
      '{"sign_ins": [{"username": 3}, null]}',
    ]) {
      await writeFile(path(), content);
      asked = 0;
      await command().idToken();
      await command().idToken();
      expect(asked, content).to.equal(1);
    }
  });

  it('is done without where nothing can be written, with one warning', async () => {
    await start();
    const home = join(await scratch.put('file', 'no folder'), 'home');
    const session = command({ home });
    await session.idToken();
    now += HOUR_MS;
    userPool.verifyToken(await session.idToken());
    expect(asked).to.equal(1);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain('cannot be kept');
  });

  it('is closed again when its file was open to others, with a warning', async () => {
    await start();
    await command().idToken();
    const { chmod } = await import('node:fs/promises');
    await chmod(path(), 0o644);
    now += HOUR_MS;
    await command().idToken();
    expect((await stat(path())).mode & 0o777).to.equal(0o600);
    expect(warnings.join()).to.contain('mode 644');
  });
});
