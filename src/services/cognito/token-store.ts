import { RunError } from '../../../stages/errors.ts';
import { refuseForeignFile } from '../../config/files/foreign-file.ts';
import { waitForLock } from '../../config/files/lock.ts';
import { closeToOthers, replaceFile, SIGN_INS } from '../../config/files/private-files.ts';
import { cognitoTokenPath } from '../../config/home.ts';
import { isPlainObject, readJson } from '../../config/json.ts';
import type { SignInKey } from './sign-in-key.ts';
import type { Tokens } from './tokens.ts';

type KeptSignIn = SignInKey & Tokens;

/** Longer than typing a password and a code takes. After it, a process that hangs no longer blocks the others. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/**
 * The sign-ins of this machine's user, in `cognito_token.json` in the home folder (mode 0600). Several processes may use it at
 * once: each takes the lock and reads the file again before it changes it. A damaged file counts as empty, and one that cannot be
 * written is no error: it only saves a sign-in.
 */
export class TokenStore {
  readonly path: string;
  readonly #warn: (message: string) => void;
  #unwritable = false;

  constructor(options: { home: string; warn: (message: string) => void }) {
    this.path = cognitoTokenPath(options.home);
    this.#warn = options.warn;
  }

  async all(): Promise<KeptSignIn[]> {
    const content = await readJson(this.path).catch(() => null);
    const list = isPlainObject(content) && Array.isArray(content.sign_ins) ? content.sign_ins : [];
    return list.flatMap(entry => fromFile(entry) ?? []);
  }

  async find(key: SignInKey): Promise<Tokens | null> {
    return (await this.all()).find(kept => isSame(kept, key)) ?? null;
  }

  /** Puts these tokens in the place of what was kept under the key. Hold the lock. */
  async keep(key: SignInKey, tokens: Tokens): Promise<void> {
    const others = (await this.all()).filter(kept => !isSame(kept, key));
    await this.#write([...others, { ...key, ...tokens }]);
  }

  /** Forgets a sign-in, if it is still the one with this refresh token. Hold the lock. */
  async forget(key: SignInKey, refreshToken: string): Promise<void> {
    const all = await this.all();
    const left = all.filter(kept => !isSame(kept, key) || kept.refreshToken !== refreshToken);
    if (left.length < all.length) await this.#write(left);
  }

  /** Runs `work` while no other process does the same; without a lock where none can be had. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const lock = await waitForLock(`${this.path}.lock`, 'sign-in', {
      timeoutMs: LOCK_TIMEOUT_MS,
      onWait: ({ pid }) => this.#warn(`waiting for process ${pid}, which is signing in.`),
    }).catch(error => {
      if (error instanceof RunError) return null;
      throw error;
    });
    try {
      return await work();
    } finally {
      lock?.release();
    }
  }

  async #write(signIns: KeptSignIn[]): Promise<void> {
    try {
      refuseForeignFile(this.path, SIGN_INS);
      for (const warning of await closeToOthers(this.path)) this.#warn(warning);
      const text = JSON.stringify({ sign_ins: signIns.map(toFile) }, null, 2);
      await replaceFile(this.path, `${text}\n`, { mode: 0o600 });
    } catch (error) {
      if (this.#unwritable) return;
      this.#unwritable = true;
      this.#warn(
        `The sign-in cannot be kept in ${this.path} (${(error as Error).message.replace(/\.$/, '')}); the next command signs in again.`,
      );
    }
  }
}

function isSame(one: SignInKey, other: SignInKey): boolean {
  return (['userPoolId', 'clientId', 'username'] as const).every(name => one[name] === other[name]);
}

/** The fields of the file, where their names are in snake case. */
const FIELDS = {
  userPoolId: 'string',
  clientId: 'string',
  username: 'string',
  idToken: 'string',
  refreshToken: 'string',
  issuedAt: 'number',
  expiresAt: 'number',
  clockAheadMs: 'number',
} as const;
const NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
const inFile = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);

function toFile(kept: KeptSignIn): Record<string, unknown> {
  const { key: device_key, groupKey: device_group_key, password: device_password } = kept.device ?? {};
  const fields = NAMES.map(name => [inFile(name), kept[name]]);
  return { ...Object.fromEntries(fields), device_key, device_group_key, device_password };
}

function fromFile(entry: unknown): KeptSignIn | null {
  if (!isPlainObject(entry)) return null;
  if (NAMES.some(name => typeof entry[inFile(name)] !== FIELDS[name])) return null;
  const { device_key: key, device_group_key: groupKey, device_password: password } = entry;
  const device = key && groupKey && password ? { key, groupKey, password } : null;
  return { ...Object.fromEntries(NAMES.map(name => [name, entry[inFile(name)]])), device } as KeptSignIn;
}
