import { join } from 'node:path';
import type { CloudOptions } from '../cloud/cloud.ts';
import { type Home, Sandbox } from './sandbox.ts';

/** What signs in without anybody being asked. */
export const NO_PASSWORD = { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' };

/** In a `describe`: a cloud for each test, with its own options, and a home that is not signed in to AWS. */
export function useSignIn() {
  const at = {
    sandbox: undefined as unknown as Sandbox,
    home: undefined as unknown as Home,
    async open(options: CloudOptions = {}) {
      at.sandbox = await Sandbox.open(options);
      at.home = await at.sandbox.home({ signedIn: false });
    },
    login: (lines: string, options: { env?: Record<string, string> } = {}) =>
      at.home.migrator(['login', 'aws', '--password-stdin'], { stdin: lines, ...options }),
    kept: () => join(at.home.path, 'cognito_token.json'),
    pictures(count: number) {
      const ids = Array.from({ length: count }, (_, index) => 1000 + index);
      return at.sandbox.seed(Object.fromEntries(ids.map(id => [`${id}.jpg`, `picture ${id}`])), ids);
    },
  };
  afterEach(() => at.sandbox.close());
  return at;
}
