/** The users of the pool. As Amplify Gen 2 sets it up, people sign in with an e-mail address; the name is the `sub`. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { verifierOf } from './srp.ts';

type UserStatus = 'CONFIRMED' | 'UNCONFIRMED' | 'FORCE_CHANGE_PASSWORD' | 'RESET_REQUIRED';

export interface UserSeed {
  /** The e-mail address; case does not matter. */
  username: string;
  password: string;
  groups?: string[];
  /** CONFIRMED when absent. */
  status?: UserStatus;
  /** None when absent. */
  mfa?: 'totp' | 'sms';
}

export interface PoolUser {
  /** The pool's own name for the user, a UUID: `USER_ID_FOR_SRP`, `cognito:username`, `sub`. */
  readonly sub: string;
  readonly email: string;
  groups: string[];
  status: UserStatus;
  mfa: 'totp' | 'sms' | null;
  /** What an authenticator app would have been given. */
  readonly totpSecret: Buffer;
  /** The codes that were accepted: each counts once. */
  readonly usedCodes: Set<string>;
  /** The last code that was "sent" by SMS, null before that. */
  smsCode: string | null;
  /** Hex. */
  salt: string;
  /** Computed when it is first asked for. */
  verifier(): bigint;
}

export type Users = ReturnType<typeof createUsers>;

/** An empty user table. `poolName` is the pool id after its `_`. */
export function createUsers(poolName: string) {
  const bySub = new Map<string, PoolUser>();
  const byEmail = new Map<string, PoolUser>();
  const simulationKey = randomBytes(32);
  return {
    add(seed: UserSeed): PoolUser {
      const sub = randomUUID();
      const user: PoolUser = {
        sub,
        email: seed.username,
        groups: seed.groups ?? [],
        status: seed.status ?? 'CONFIRMED',
        mfa: seed.mfa ?? null,
        totpSecret: randomBytes(20),
        usedCodes: new Set(),
        smsCode: null,
        salt: '',
        verifier: () => 0n,
      };
      this.setPassword(user, seed.password);
      bySub.set(sub, user);
      byEmail.set(seed.username.toLowerCase(), user);
      return user;
    },
    /** By e-mail address or by `sub`. */
    find: (name: string): PoolUser | null => bySub.get(name) ?? byEmail.get(name.toLowerCase()) ?? null,
    setPassword(user: PoolUser, password: string) {
      user.salt = randomBytes(16).toString('hex');
      const { sub, salt } = user;
      let verifier: bigint | null = null;
      user.verifier = () => (verifier ??= verifierOf(poolName, sub, password, salt));
    },
    /** What an unknown name gets (PreventUserExistenceErrors): the same `sub` and salt each time, and no password that fits. */
    simulated(name: string): Pick<PoolUser, 'sub' | 'salt' | 'verifier'> {
      const seed = createHmac('sha256', simulationKey).update(name.toLowerCase()).digest('hex');
      const sub = seed.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
      const salt = seed.slice(32);
      return { sub, salt, verifier: () => verifierOf(poolName, sub, randomBytes(16).toString('hex'), salt) };
    },
  };
}

/** What is wrong with a password by the policy of an Amplify Gen 2 pool, in Cognito's words; null when it conforms. */
export function policyFault(password: string): string | null {
  const rules: [RegExp, string][] = [
    [/.{8}/, 'Password not long enough'],
    [/[a-z]/, 'Password must have lowercase characters'],
    [/[A-Z]/, 'Password must have uppercase characters'],
    [/[0-9]/, 'Password must have numeric characters'],
    [/[^A-Za-z0-9]/, 'Password must have symbol characters'],
  ];
  return rules.find(([rule]) => !rule.test(password))?.[1] ?? null;
}

/** Time-based one-time password (RFC 6238 with SHA-1, 30 s, six digits), which Cognito calls software token MFA. */
export function totp(secret: Buffer, timeMs: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(timeMs / 30_000)));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = digest.at(-1)! & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
