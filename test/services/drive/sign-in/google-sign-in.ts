/** Signing in to a local Drive by credential files, with a clock of its own and nothing to wait for. */
import { accountOf } from '../../../../src/services/drive/http.ts';
import { type DriveAuth, googleSignIn } from '../../../../src/services/drive/sign-in/sign-in.ts';
import type { RunError } from '../../../../stages/errors.ts';
import { createDrive, type DriveService } from '../../../cloud/drive/drive.ts';
import { rejection, type Scratch, scratchFolder } from '../../../config/scratch.ts';

export const HOUR_MS = 3_600_000;
export const EMAIL = 'person@example.com';

/** All of it is new for each test. */
export function useGoogleSignIn() {
  const at = {
    scratch: undefined as unknown as Scratch,
    drive: undefined as unknown as DriveService,
    now: 0,
    clock: () => at.now,
    waits: [] as number[],
    /** The configuration that names these files. */
    settings: async (credentials: unknown, token?: unknown, impersonate = '') => ({
      credentials_path: await at.scratch.put('credentials.json', credentials),
      token_path:
        token === undefined ? `${at.scratch.folder}/token.json` : await at.scratch.put('token.json', token),
      impersonate,
      api_url: at.drive.apiUrl,
    }),
    signIn: async (credentials: unknown, token?: unknown, impersonate?: string) =>
      googleSignIn(await at.settings(credentials, token, impersonate), {
        now: at.clock,
        backoff: { retries: 3, baseMs: 10, capMs: 100, sleep: async ms => void at.waits.push(ms) },
      }),
    refusal: (credentials: unknown, token?: unknown, impersonate?: string) =>
      rejection<RunError>(at.signIn(credentials, token, impersonate)),
    whoIs: (auth: DriveAuth) => accountOf(auth, at.drive.apiUrl),
    tokensAsked: () => at.drive.service.requests.get('token') ?? 0,
  };
  beforeEach(async () => {
    at.now = Date.now();
    at.waits = [];
    at.scratch = await scratchFolder();
    at.drive = await createDrive({ now: at.clock });
  });
  afterEach(() => Promise.all([at.scratch.remove(), at.drive.service.close()]));
  return at;
}
