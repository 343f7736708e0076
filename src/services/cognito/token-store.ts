import { RunError } from '../../../stages/errors.ts';
import { refuseForeignFile } from '../../config/files/foreign-file.ts';
import { type Holder, type Lock, waitForLock } from '../../config/files/lock.ts';
import { closeToOthers, replacePrivateFile, SIGN_INS } from '../../config/files/private-file.ts';
import { cognitoTokenPath } from '../../config/home.ts';
import { isPlainObject, readJson } from '../../config/json.ts';
import type { Tokens } from './tokens.ts';

/** Whose sign-in it is. */
export interface SignInKey {
  userPoolId: string;
  clientId: string;
  username: string;
}

/** A sign-in that is kept between commands. */
export type KeptSignIn = SignInKey & Tokens;

/** Longer than typing a password and a code takes. After it, a process that hangs no longer blocks the others. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/**
 * The sign-ins of this machine's user, in `cognito_token.json` in the home folder (mode 0600), by user pool, client and
 * user name. Several processes may use it at once: each takes the lock and reads the file again before it changes it.
 *
 * A damaged file counts as empty, and one that cannot be written is no error: it only saves a sign-in.
 */
export class TokenStore {
  readonly path: string;
  readonly #warn: (message: string) => void;
  #unwritable = false;

  constructor(options: { home: string; warn: (message: string) => void }) {
    this.path = cognitoTokenPath(options.home);
    this.#warn = options.warn;
  }

  /** All that are kept; empty if there are none. */
  async all(): Promise<KeptSignIn[]> {
    try {
      const content = await readJson(this.path);
      const list = isPlainObject(content) && Array.isArray(content.sign_ins) ? content.sign_ins : [];
      return list.flatMap(entry => fromFile(entry) ?? []);
    } catch {
      return [];
    }
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
    let lock: Lock | null = null;
    try {
      lock = await waitForLock(`${this.path}.lock`, 'sign-in', {
        timeoutMs: LOCK_TIMEOUT_MS,
        onWait: holder => this.#warn(waitingFor(holder)),
      });
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
    }
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
      await replacePrivateFile(this.path, `${text}\n`);
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
  return (
    one.userPoolId === other.userPoolId && one.clientId === other.clientId && one.username === other.username
  );
}

function waitingFor({ pid }: Holder): string {
  return `waiting for process ${pid}, which is signing in.`;
}

function toFile(kept: KeptSignIn): Record<string, unknown> {
  return {
    user_pool_id: kept.userPoolId,
    client_id: kept.clientId,
    username: kept.username,
    id_token: kept.idToken,
    refresh_token: kept.refreshToken,
    issued_at: kept.issuedAt,
    expires_at: kept.expiresAt,
    clock_ahead_ms: kept.clockAheadMs,
    ...(kept.device && {
      device_key: kept.device.key,
      device_group_key: kept.device.groupKey,
      device_password: kept.device.password,
    }),
  };
}

function fromFile(entry: unknown): KeptSignIn | null {
  if (!isPlainObject(entry)) return null;
  const texts = ['user_pool_id', 'client_id', 'username', 'id_token', 'refresh_token'];
  const numbers = ['issued_at', 'expires_at', 'clock_ahead_ms'];
  const whole =
    texts.every(name => typeof entry[name] === 'string') &&
    numbers.every(name => typeof entry[name] === 'number');
  if (!whole) return null;
  const kept = entry as Record<string, string & number>;
  const { device_key: key, device_group_key: groupKey, device_password: password } = kept;
  return {
    userPoolId: kept.user_pool_id!,
    clientId: kept.client_id!,
    username: kept.username!,
    idToken: kept.id_token!,
    refreshToken: kept.refresh_token!,
    issuedAt: kept.issued_at!,
    expiresAt: kept.expires_at!,
    clockAheadMs: kept.clock_ahead_ms!,
    device: key && groupKey && password ? { key, groupKey, password } : null,
  };
}
