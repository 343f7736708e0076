import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { errorBody, insufficientScope } from '../cloud/drive/errors.ts';
import { METADATA_SCOPE, READONLY_SCOPE } from '../cloud/drive/tokens.ts';
import { always, jsonAnswer } from '../faults.ts';
import { type Home, Sandbox } from './sandbox.ts';

const ROBOT = 'robot@project.iam.gserviceaccount.com';

describe('Google credentials', () => {
  const sandbox = Sandbox.forEach();
  let home: Home;
  let folderId: string;

  beforeEach(async () => {
    folderId = sandbox.seed({ '1.jpg': 'one', '2.jpg': 'two' }, [1, 2]);
    home = await sandbox.home({ folderId });
  });

  const put = (name: string, content: unknown): string => {
    const path = join(home.path, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
    return path;
  };
  /** Who signs in according to doctor, or the code of its error. */
  const signedIn = async (env: Record<string, string> = {}) => {
    const { stdout } = await home.migrator(['doctor', '--json'], { env });
    const { checks } = JSON.parse(stdout) as { checks: Record<string, string>[] };
    return checks.find(({ name }) => name === 'google_sign_in')!;
  };

  it('of an external account, named by GOOGLE_APPLICATION_CREDENTIALS, migrate; its project pays for every request', async () => {
    const { accounts, service } = sandbox.cloud.drive;
    const source = { file: put('subject.jwt', 'subject-token') };
    const account = accounts.addExternalAccount('subject-token', source, ROBOT);
    const paid = { ...account, quota_project_id: 'payer' };
    const env = { GOOGLE_APPLICATION_CREDENTIALS: put('external.json', paid) };
    const seen: [string, IncomingHttpHeaders][] = [];
    service.intercept = request => {
      if (request.url!.startsWith('/drive/')) seen.push([request.url!, request.headers]);
      return false;
    };
    await home.exits(0, ['migrate', '--folder-id', folderId], { env });
    expect(sandbox.cloud.s3.objects()).to.have.length(2);
    expect(seen.some(([url]) => url.includes('alt=media'))).to.equal(true);
    for (const [url, headers] of seen) expect(headers['x-goog-user-project'], url).to.equal('payer');
    expect([service.requests.get('exchange'), service.requests.get('generateAccessToken')]).to.deep.equal([
      1, 1,
    ]);
    expect(await signedIn(env)).to.include({ detail: ROBOT });
  });

  it('of a service account act for the user of google_drive.impersonate, and say what the administrator has to do', async () => {
    const { accounts } = sandbox.cloud.drive;
    const key = accounts.addServiceAccount(ROBOT);
    const path = put('key.json', key);
    const flags = ['--credentials-path', path, '--impersonate', 'boss@example.com'];
    await home.exits(0, ['config', ...flags]);
    const refused = await signedIn();
    expect(refused.code).to.equal('google_delegation');
    expect(refused.remedy).to.contain(key.client_id);
    accounts.delegate(ROBOT, READONLY_SCOPE);
    expect((await signedIn()).detail).to.match(/^boss@example\.com, through the Google Cloud project \S+$/);
    const bad = await home.exits(2, ['config', '--impersonate', 'boss']);
    expect(bad.stderr).to.contain('e-mail address');
  });

  it('that can only list fail in doctor; a refused download ends the run with what to do', async () => {
    const { accounts, service } = sandbox.cloud.drive;
    const narrow = accounts.addUser('person@example.com', undefined, METADATA_SCOPE);
    const env = { GOOGLE_APPLICATION_CREDENTIALS: put('narrow.json', narrow) };
    expect(await signedIn(env)).to.include({ code: 'google_scope' });
    always(service, /alt=media/, jsonAnswer(403, errorBody(insufficientScope())));
    const { stderr } = await home.exits(1, ['migrate', '--folder-id', folderId]);
    expect(stderr).to.contain('Sign in again with "migrator login google"');
    expect(home.manifest(folderId, 'link').filter(({ status }) => status === 'failed')).to.deep.equal([]);
  });
});
