import { RunError } from '../../../stages/errors.ts';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import { type Config, KEYS_FOR, requireKeys } from '../../config/settings.ts';
import { addressOf } from '../aws/client.ts';
import { regionOfPool } from '../aws/regions.ts';
import type { AwsKeySource, SignedInUser } from '../aws/roles.ts';
import { lazy } from '../lazy.ts';
import { type Lease, Renewal, renewalTime } from '../renewal.ts';
import { identityPoolClient, userPoolClient } from './clients.ts';
import { type Circumstances, classify, type Step } from './errors.ts';
import { fetchKeys, type Identity, type Keys, roleOfGroup } from './keys.ts';
import type { Questions } from './questions.ts';
import { signIn } from './sign-in.ts';
import type { SignInKey } from './sign-in-key.ts';
import type { TokenStore } from './token-store.ts';
import { claimsOf, type Device, renewTokens, type Tokens } from './tokens.ts';

export interface SessionOptions {
  config: Config;
  questions: Questions;
  store: Pick<TokenStore, 'find' | 'keep' | 'forget' | 'exclusively'>;
  /** Called once when the sign-in has ended for good. The current tokens are valid for some minutes more. */
  onEnded?: (error: RunError) => void;
  backoff: Backoff;
  now?: () => number;
}

const MIN_SKEW_MS = 30_000;
/** A renewal that fails with one of these will not succeed later either. */
const FINAL = ['sign_in_expired', 'renewal_not_enabled'];

/**
 * A signed-in user of the Amplify project, for one process. The first request for a token takes the kept sign-in or signs
 * in; tokens are renewed in time, and the password is asked for at most once. All methods may be called concurrently.
 * Every method throws {@link RunError} with a remedy (the table in errors.ts).
 */
export class CognitoSession {
  readonly #options: SessionOptions;
  readonly #key: SignInKey;
  readonly #identity: Identity;
  readonly #now: () => number;
  readonly #tokens: Renewal<Tokens>;
  readonly #keys: Renewal<Keys>;
  /** One attempt with the password for all callers: Cognito locks the user after too many wrong ones. */
  #signedIn: Promise<Tokens> | null = null;
  #hasEnded = false;
  #user: SignedInUser | null = null;
  /** The value of the `credentials` option of AWS SDK clients. All clients share the same keys. */
  readonly credentials: (() => Promise<Keys>) & AwsKeySource;

  /** Sends nothing yet. Throws ConfigError if values of the user pool are missing. */
  constructor(options: SessionOptions) {
    requireKeys(options.config, KEYS_FOR.cognito);
    const { user_pool_id, client_id, username, identity_pool_id } = options.config.aws.cognito;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#key = { userPoolId: user_pool_id, clientId: client_id, username };
    this.#identity = { poolId: identity_pool_id, id: null, refusesRoles: false };
    this.#tokens = new Renewal(old => this.#leaseTokens(old), this.#now);
    this.#keys = new Renewal(() => this.#leaseKeys(), this.#now);
    const provider = () => this.#keys.get();
    this.credentials = Object.assign(provider, {
      memoized: true as const,
      drop: (refusedId: string) => this.#keys.drop(({ accessKeyId }) => accessKeyId === refusedId),
      user: () => this.#user,
    });
  }

  /** The token that AppSync wants, bare in `Authorization`. It is valid for some time: it is renewed before it expires. */
  async idToken(): Promise<string> {
    return (await this.#tokens.get()).idToken;
  }

  /** After a 401: another token than the rejected one. Many callers with the same rejected token cause one renewal. */
  async renewIdToken(rejected: string): Promise<string> {
    return (await this.#tokens.replace(({ idToken }) => idToken === rejected)).idToken;
  }

  async groups(): Promise<string[]> {
    return claimsOf(await this.idToken())['cognito:groups'] ?? [];
  }

  /** Where the requests go. Sends nothing. */
  async addresses(): Promise<{ userPool: string; identityPool: string }> {
    return {
      userPool: await this.#addressFor('sign_in'),
      identityPool: await this.#addressFor('keys'),
    };
  }

  async #addressFor(step: Step): Promise<string> {
    return step === 'keys'
      ? addressOf(await this.#identityPool(), 'the identity pool')
      : addressOf(await this.#userPool(), 'the user pool');
  }

  /** Signs in with the password even if a sign-in is kept, and keeps the new one. */
  async signIn(): Promise<void> {
    const { store } = this.#options;
    await store.exclusively(async () => {
      const known = await store.find(this.#key);
      await store.keep(this.#key, await this.#signInOnce(known?.device ?? null));
    });
  }

  readonly #userPool = lazy(() =>
    userPoolClient(this.#regionOf(this.#key.userPoolId), this.#options.backoff),
  );

  readonly #identityPool = lazy(() =>
    identityPoolClient(this.#regionOf(this.#identity.poolId), this.#options.backoff),
  );

  #regionOf(poolId: string): string {
    return regionOfPool(poolId) ?? this.#options.config.aws.region;
  }

  /** Takes what another process has just got; otherwise renews, or signs in, and keeps the result for all. */
  async #leaseTokens(old: Tokens | null): Promise<Lease<Tokens>> {
    const { store } = this.#options;
    const fromOthers = async () => {
      const kept = await store.find(this.#key);
      return kept && kept.idToken !== old?.idToken && isFresh(kept, this.#now()) ? kept : null;
    };
    const obtained = async () => {
      const kept = await fromOthers();
      if (kept) return kept;
      const tokens = await this.#renewOrSignIn(old);
      await store.keep(this.#key, tokens);
      return tokens;
    };
    const value = (await fromOthers()) ?? (await store.exclusively(obtained));
    return { value, expiresAt: value.expiresAt };
  }

  /**
   * A kept sign-in that is no longer valid is forgotten, and the password asked for; one that ends while this process
   * uses it (`old`) is an error, because somebody ended it.
   */
  async #renewOrSignIn(old: Tokens | null): Promise<Tokens> {
    const { store, onEnded } = this.#options;
    const held = (await store.find(this.#key)) ?? old;
    if (!held) return this.#signInOnce(null);
    try {
      return await this.#explained('renewal', async at => renewTokens(await this.#userPool(), held, at));
    } catch (error) {
      if (!(error instanceof RunError && FINAL.includes(error.code))) throw error;
      await store.forget(this.#key, held.refreshToken);
      if (!old) return this.#signInOnce(held.device);
      if (error.code === 'sign_in_expired' && !this.#hasEnded) onEnded?.(error);
      this.#hasEnded = true;
      throw error;
    }
  }

  #signInOnce(device: Device | null): Promise<Tokens> {
    this.#signedIn ??= this.#explained('sign_in', async at =>
      signIn(await this.#userPool(), this.#options.questions, at, device),
    );
    return this.#signedIn;
  }

  /** What the request returns; its error becomes a RunError. */
  async #explained<T>(step: Step, request: (at: Circumstances) => Promise<T>): Promise<T> {
    try {
      return await request(await this.#circumstances(step));
    } catch (error) {
      // Ctrl-C at the prompt ends the command; it is no refusal.
      const isInterrupted = error instanceof Error && error.name === 'ExitPromptError';
      throw isInterrupted ? error : classify(error, await this.#circumstances(step));
    }
  }

  async #circumstances(step: Step): Promise<Circumstances> {
    const endpoint = await this.#addressFor(step);
    return { step, endpoint, ...this.#key, identityPoolId: this.#identity.poolId, now: this.#now() };
  }

  async #leaseKeys(): Promise<Lease<Keys>> {
    requireKeys(this.#options.config, ['aws.cognito.identity_pool_id']);
    const tokens = await this.#tokens.get();
    try {
      return await this.#keysFor(tokens);
    } catch (error) {
      if ((error as RunError).code !== 'identity_token_expired') throw error;
    }
    return this.#keysFor(await this.#tokens.replace(({ idToken }) => idToken === tokens.idToken));
  }

  async #keysFor({ idToken, clockAheadMs }: Tokens): Promise<Lease<Keys>> {
    const { storage_group: storageGroup } = this.#options.config.aws.amplify;
    const storageRole = roleOfGroup(idToken, storageGroup);
    const { username, userPoolId } = this.#key;
    const login = { idToken, userPoolId, wantedRole: storageRole };
    const { keys, role } = await this.#explained('keys', async ({ now }) =>
      fetchKeys(await this.#identityPool(), this.#identity, login, now),
    );
    const groups = claimsOf(idToken)['cognito:groups'] ?? [];
    this.#user = { username, groups, storageGroup, role, storageRole };
    // The keys expire by AWS's clock; a wrong clock here must not make fresh keys look old.
    const ahead = Math.abs(clockAheadMs) > MIN_SKEW_MS ? clockAheadMs : 0;
    return { value: keys, expiresAt: keys.expiration.getTime() - ahead };
  }
}

/** Whether the tokens need no renewal yet. False if the clock was set back since they were issued: their age is unknown then. */
function isFresh({ issuedAt, expiresAt }: Tokens, now: number): boolean {
  return issuedAt <= now && now < renewalTime(issuedAt, expiresAt);
}
