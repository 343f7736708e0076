import { readFile, stat } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { browserAt } from '../../../../src/cli/ui/browser.ts';
import { type Browser, signInByBrowser } from '../../../../src/services/drive/sign-in/browser-sign-in.ts';
import { readDesktopClient } from '../../../../src/services/drive/sign-in/credentials.ts';
import { googleSignIn } from '../../../../src/services/drive/sign-in/sign-in.ts';
import type { RunError } from '../../../../stages/errors.ts';
import { rejection } from '../../../config/scratch.ts';
import { always, inject, jsonAnswer } from '../../../faults.ts';
import { useGoogleSignIn } from './google-sign-in.ts';

const TOKEN = /\/token$/;

/** The status that a GET of this path gets, whatever a URL parser thinks of it. */
async function rawStatus(origin: string, path: string): Promise<number> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(origin, { path }, resolve).on('error', reject);
  });
  response.resume();
  return response.statusCode!;
}

describe('signing in to Google in a browser', () => {
  const at = useGoogleSignIn();
  let settings: Awaited<ReturnType<typeof at.settings>>;
  const token = () => readFile(settings.token_path, 'utf8');
  beforeEach(async () => {
    settings = await at.settings(at.drive.accounts.addOAuthClient().credentials);
  });

  const signIn = async (browser: Browser, timeoutMs = 10_000) =>
    signInByBrowser({
      client: (await readDesktopClient(settings.credentials_path))!,
      tokenPath: settings.token_path,
      browser,
      timeoutMs,
    });
  const refusal = (browser: Browser, timeoutMs?: number) => rejection<RunError>(signIn(browser, timeoutMs));
  /** A browser on this machine, with somebody before it who decides as `drive.accounts.consent` says. */
  const browser = (visit: (url: string) => Promise<unknown> = url => fetch(url)): Browser => ({
    open: async url => void visit(url),
    paste: null,
  });
  /** Where the consent page sends the browser. */
  const redirectOf = async (url: string) =>
    new URL((await fetch(url, { redirect: 'manual' })).headers.get('location')!);

  it('leaves a refresh token that signs in from then on, readable for its owner only', async () => {
    await signIn(browser());
    expect((await stat(settings.token_path)).mode & 0o777).to.equal(0o600);
    const asked = at.drive.service.requests.get('token');
    const auth = await googleSignIn(settings);
    expect((await auth.get()).authorization).to.match(/^Bearer ya29\./);
    // The access token came along with the sign-in.
    expect(at.drive.service.requests.get('token')).to.equal(asked);
    const later = () => Date.now() + 3_600_000;
    await googleSignIn(settings, { now: later });
  });

  it('asks for reading Drive and nothing more, with PKCE, a state and a way to stay signed in', async () => {
    let seen!: URL;
    await signIn(
      browser(url => {
        seen = new URL(url);
        return fetch(url);
      }),
    );
    const parameters = Object.fromEntries(seen.searchParams);
    expect(parameters).to.include({
      response_type: 'code',
      scope: 'https://www.googleapis.com/auth/drive.readonly',
      code_challenge_method: 'S256',
      access_type: 'offline',
      prompt: 'consent',
    });
    expect(parameters.redirect_uri).to.match(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(parameters.state).to.match(/^[\w-]{43}$/);
    expect(parameters.code_challenge).to.match(/^[\w-]{43}$/);
  });

  it('takes only the redirect with its own path, method and state, and keeps waiting', async () => {
    const statuses: number[] = [];
    await signIn(
      browser(async url => {
        const { origin } = await redirectOf(url);
        statuses.push((await fetch(`${origin}/?code=stolen&state=guess`)).status);
        statuses.push((await fetch(`${origin}/favicon.ico`)).status);
        const state = new URL(url).searchParams.get('state')!;
        statuses.push((await fetch(`${origin}/?code=c&state=${state}`, { method: 'POST' })).status);
        statuses.push((await fetch(`${origin}/other?code=c&state=${state}`)).status);
        statuses.push((await fetch(`${origin}/?code=&state=${state}`)).status);
        for (const path of ['//', '//[', 'http://[/', `//evil.example/?code=c&state=${state}`, '*'])
          statuses.push(await rawStatus(origin, path));
        statuses.push((await fetch(url)).status);
      }),
    );
    expect(statuses.slice(0, 2)).to.deep.equal([400, 404]);
    expect(statuses.slice(2)).to.deep.equal([404, 404, 404, 404, 404, 404, 404, 404, 200]);
    expect(JSON.parse(await token())).to.have.property('refresh_token');
  });

  it('says what to do when access is denied, and writes nothing', async () => {
    at.drive.accounts.consent.allows = false;
    const error = await refusal(browser());
    expect(error.code).to.equal('google_access_denied');
    expect(error.remedy).to.contain('test users');
    expect(await rejection(stat(settings.token_path))).to.include({ code: 'ENOENT' });
  });

  it('says what to do when the Drive checkbox was not selected', async () => {
    const narrow = { access_token: 'a', refresh_token: 'r', expires_in: 3599, scope: 'openid' };
    always(at.drive.service, TOKEN, jsonAnswer(200, narrow));
    expect((await refusal(browser())).code).to.equal('google_scope');
  });

  it('says what to do when Google gives no refresh token, or does not take the code', async () => {
    inject(at.drive.service, TOKEN, [
      jsonAnswer(200, { access_token: 'a', expires_in: 3599 }),
      jsonAnswer(400, { error: 'invalid_grant', error_description: 'Malformed auth code.' }),
    ]);
    expect((await refusal(browser())).code).to.equal('google_no_refresh_token');
    expect((await refusal(browser())).code).to.equal('google_code_refused');
  });

  it('ends when nobody comes', async () => {
    const error = await refusal(
      browser(async () => {}),
      20,
    );
    expect(error.code).to.equal('google_sign_in_abandoned');
    expect(error.remedy).to.contain('--no-browser');
  });

  it('ends at once where no browser can be opened and there is no terminal, and says what to do', async () => {
    const atTerminal = (isTTY: boolean, openUrl: (url: string) => Promise<void>) =>
      browserAt({ opens: true, say: () => {}, input: { isTTY } as NodeJS.ReadStream, openUrl });
    const none = async () => {
      throw new Error('no method available');
    };
    const error = await refusal(atTerminal(false, none));
    expect(error.code).to.equal('google_no_browser');
    expect(error.remedy).to.contain('--no-browser');
    // Somebody at a terminal may open the address by hand.
    expect((await refusal(atTerminal(true, none), 20)).code).to.equal('google_sign_in_abandoned');
  });

  it('says that standard input is closed, and waits for a browser on this machine', async () => {
    const said: string[] = [];
    const input = Readable.from(['\n', 'not an address\n']) as unknown as NodeJS.ReadStream;
    const person = browserAt({ opens: false, say: (...lines) => said.push(...lines), input });
    const error = await refusal(person, 50);
    expect(error.code).to.equal('google_sign_in_abandoned');
    expect(said.at(-2)).to.contain('not the address');
    expect(said.at(-1)).to.contain('Standard input is closed');
    expect(error.message).to.contain('standard input is closed');
  });

  it('does not wait for the program that opens the browser, which may last as long as the browser', async () => {
    const lasting = (url: string) => {
      void fetch(url);
      return new Promise<void>(() => {});
    };
    const input = { isTTY: false } as NodeJS.ReadStream;
    await signIn(browserAt({ opens: true, say: () => {}, input, openUrl: lasting }));
    expect(JSON.parse(await token())).to.have.property('refresh_token');
  });

  it('takes the address where a browser on another machine ended, once it is the right one', async () => {
    let shown = '';
    const said: (string | null)[] = [];
    await signIn({
      open: async url => {
        shown = url;
      },
      async paste(wrong) {
        said.push(wrong);
        if (said.length === 1) return 'https://accounts.google.com/';
        const address = await redirectOf(shown);
        if (said.length === 2) address.searchParams.set('state', 'of another sign-in');
        return ` ${address.href}\n`;
      },
    });
    expect(said[1]).to.contain('not the address');
    expect(said[2]).to.contain('another sign-in');
    expect(JSON.parse(await token())).to.have.property('refresh_token');
  });

  it('is not for service accounts and web clients', async () => {
    const key = await at.scratch.put(
      'key.json',
      at.drive.accounts.addServiceAccount('a@b.iam.gserviceaccount.com'),
    );
    expect(await readDesktopClient(key)).to.equal(null);
    const web = await at.scratch.put('web.json', { web: { client_id: 'x' } });
    expect((await rejection<RunError>(readDesktopClient(web))).message).to.contain('Web application');
  });
});
