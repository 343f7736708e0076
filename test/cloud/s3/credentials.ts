/** The access keys that the local cloud knows: the identity pool issues them, S3 looks them up. */
import { randomBytes } from 'node:crypto';

/** What a key may do; see policy.ts. `root` is not restricted. */
export type Role = 'admins' | 'other group' | 'authenticated' | 'guest' | 'root';

export interface KnownCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Undefined for a long-lived key. */
  readonly sessionToken?: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
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
  issue(options: { role: Role; roleName?: string; lifetimeSeconds: number }) {
    const { role, roleName = `amplify-local-${role}Role`, lifetimeSeconds } = options;
    const expiresAtMs = this.#now() + lifetimeSeconds * 1000;
    const issued = { ...newKey('ASIA'), sessionToken: randomBytes(192).toString('base64') };
    this.#byId.set(issued.accessKeyId, { ...issued, role, roleName, expiresAtMs });
    return { ...issued, expiration: new Date(expiresAtMs) };
  }

  /** A key without a session token that never expires and may do everything. */
  issueRoot() {
    const key = newKey('AKIA');
    const forever = { expiresAtMs: Number.POSITIVE_INFINITY, role: 'root', roleName: 'root' } as const;
    this.#byId.set(key.accessKeyId, { ...key, ...forever });
    return key;
  }

  /** The credential of this access key id, expired ones included; undefined when it was never issued. */
  find(accessKeyId: string): KnownCredential | undefined {
    return this.#byId.get(accessKeyId);
  }

  /** Lets a temporary key expire now. Unknown and long-lived keys are left alone. */
  expire(accessKeyId: string): void {
    const known = this.#byId.get(accessKeyId);
    if (known?.sessionToken) this.#byId.set(accessKeyId, { ...known, expiresAtMs: this.#now() });
  }
}

function newKey(prefix: 'ASIA' | 'AKIA') {
  const accessKeyId = prefix + randomBytes(8).toString('hex').toUpperCase();
  return { accessKeyId, secretAccessKey: randomBytes(30).toString('base64') };
}
