/** The access keys that the local cloud knows: the identity pool issues them, S3 looks them up. */
import { randomBytes } from 'node:crypto';

/** What a key may do; see policy.ts. `root` is not restricted. */
export type Role = 'admins' | 'other group' | 'authenticated' | 'guest' | 'root';

/** Temporary keys, as `GetCredentialsForIdentity` and STS hand them out. */
export interface IssuedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export interface KnownCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Null for a long-lived key, which has none. */
  readonly sessionToken: string | null;
  /** Milliseconds since 1970, null for a long-lived key. */
  readonly expiresAtMs: number | null;
  readonly role: Role;
  /** As IAM calls it. */
  readonly roleName: string;
}

export class CredentialStore {
  readonly #byId = new Map<string, KnownCredential>();
  readonly #now: () => number;

  /** `now` gives milliseconds since 1970; tests put in a clock of their own. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** New temporary keys that expire `lifetimeSeconds` from now (0 or less: born expired). */
  issue(options: { role: Role; roleName?: string; lifetimeSeconds: number }): IssuedCredentials {
    const expiresAtMs = this.#now() + options.lifetimeSeconds * 1000;
    const issued = {
      accessKeyId: newKeyId('ASIA'),
      secretAccessKey: newSecret(),
      sessionToken: randomBytes(192).toString('base64'),
    };
    this.#byId.set(issued.accessKeyId, {
      ...issued,
      role: options.role,
      roleName: options.roleName ?? `amplify-local-${options.role}Role`,
      expiresAtMs,
    });
    return { ...issued, expiration: new Date(expiresAtMs) };
  }

  /** A key without a session token that never expires and may do everything. Both halves are made up unless given. */
  issueRoot(given: { accessKeyId?: string; secretAccessKey?: string } = {}): {
    accessKeyId: string;
    secretAccessKey: string;
  } {
    const pair = {
      accessKeyId: given.accessKeyId ?? newKeyId('AKIA'),
      secretAccessKey: given.secretAccessKey ?? newSecret(),
    };
    this.#byId.set(pair.accessKeyId, {
      ...pair,
      sessionToken: null,
      expiresAtMs: null,
      role: 'root',
      roleName: 'root',
    });
    return pair;
  }

  /** The credential of this access key id, expired ones included; null when it was never issued. */
  find(accessKeyId: string): KnownCredential | null {
    return this.#byId.get(accessKeyId) ?? null;
  }

  /** Lets a temporary key expire now. Unknown and long-lived keys are left alone. */
  expire(accessKeyId: string): void {
    const known = this.#byId.get(accessKeyId);
    if (known?.sessionToken) this.#byId.set(accessKeyId, { ...known, expiresAtMs: this.#now() });
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function newKeyId(prefix: 'ASIA' | 'AKIA'): string {
  let id: string = prefix;
  for (const byte of randomBytes(16)) id += ALPHABET[byte % ALPHABET.length];
  return id;
}

const newSecret = (): string => randomBytes(30).toString('base64');
