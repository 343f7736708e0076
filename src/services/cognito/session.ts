import { RunError } from '../../../stages/errors.ts';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import type { Env } from '../../config/home.ts';
import { KEYS_FOR, requireKeys } from '../../config/require-keys.ts';
import type { Config } from '../../config/settings.ts';
import { regionOfPool } from '../aws/regions.ts';
import { type AwsKeySource, type AwsKeys, belongsTo, roleNameOf, type SignedInUser } from '../aws/roles.ts';
import { once } from '../once.ts';
import { type Lease, Renewal } from '../renewal.ts';
import { identityPoolAddress, identityPoolClient, userPoolAddress, userPoolClient } from './clients.ts';
import type { Device } from './device.ts';
import { type Circumstances, classify, type Step } from './errors.ts';
import { fetchKeys, type Identity, type RoleKeys } from './keys.ts';
import type { Questions } from './questions.ts';
import { sharedTokens } from './shared-tokens.ts';
import { renewTokens, type SignedIn, signIn } from './sign-in.ts';
import type { SignInKey, TokenStore } from './token-store.ts';
import { claimsOf, type IdClaims, type Tokens, tokensFrom } from './tokens.ts';

export interface SessionOptions {
  config: Config;
  env: Env;
  questions: Questions;
  /** Where sign-ins are kept and shared with other processes; null keeps nothing. */
  store: TokenStore | null;
  /**
   * Called once when the sign-in has ended for good (revoked, or its 30 days are over). The current tokens are valid for
   * some minutes more: time to finish what is in flight.
   */
  onEnded?: (error: RunError) => void;
  /** Retries of requests; the SDK's own when absent. */
  backoff?: Backoff;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

const MIN_SKEW_MS = 30_000;

/**
 * A signed-in user of the Amplify project, for one process. The first request for a token takes the kept sign-in or signs
 * in; tokens are renewed in time, and the password is asked for at most once. All methods may be called concurrently.
 *
 * Endpoints follow the AWS SDK's own variables in `env` (`AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER` and so on).
 * Every method throws {@link RunError} with a remedy (the table in refusals.ts).
 */
export class CognitoSession {
  readonly #options: SessionOptions;
  readonly #key: SignInKey;
  readonly #identity: Identity;
  readonly #now: () => number;
  readonly #tokens: Renewal<Tokens>;
  readonly #keys: Renewal<RoleKeys>;
  /** One attempt with the password for all callers: Cognito locks the user after too many wrong ones. */
  #signedIn: Promise<Tokens> | null = null;
  #hasEnded = false;
  #user: SignedInUser | null = null;
  /** For the `credentials` option of AWS SDK clients. All clients share the same keys. */
  readonly credentials: AwsKeySource<Required<AwsKeys>>;

  /** Sends nothing yet. Throws ConfigError if values of the user pool are missing. */
  constructor(options: SessionOptions) {
    requireKeys(options.config, KEYS_FOR.cognito);
    const { user_pool_id, client_id, username, identity_pool_id } = options.config.aws.cognito;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#key = { userPoolId: user_pool_id, clientId: client_id, username };
    this.#identity = { poolId: identity_pool_id, id: null, refusesRoles: false };
    this.#tokens = new Renewal(this.#leaseTokens(), this.#now);
    this.#keys = new Renewal(() => this.#leaseKeys(), this.#now);
    const provider = async () => (await this.#keys.get()).keys;
    this.credentials = Object.assign(provider, { memoized: true as const, user: () => this.#user });
  }

  /** For AppSync, bare in `Authorization`. Valid for some time: it is renewed before it expires. */
  async idToken(): Promise<string> {
    return (await this.#tokens.get()).idToken;
  }

  /** After a 401: another token than the rejected one. Many callers with the same rejected token cause one renewal. */
  async renewIdToken(rejected: string): Promise<string> {
    return (await this.#tokens.replace(({ idToken }) => idToken === rejected)).idToken;
  }

  /** `cognito:groups` of the ID token; empty if the user is in none. */
  async groups(): Promise<string[]> {
    return claimsOf(await this.idToken())['cognito:groups'] ?? [];
  }

  /** ARN of the role of the keys; null if it is that of all signed-in users. */
  async keysRole(): Promise<string | null> {
    return (await this.#keys.get()).role;
  }

  /** Where the requests go. Sends nothing. */
  async addresses(): Promise<{ userPool: string; identityPool: string }> {
    return {
      userPool: await userPoolAddress(await this.#userPool()),
      identityPool: await identityPoolAddress(await this.#identityPool()),
    };
  }

  /** Signs in with the password even if a sign-in is kept, and keeps the new one. */
  async signIn(): Promise<void> {
    const { store } = this.#options;
    const work = async () => {
      const tokens = await this.#signInOnce((await store?.find(this.#key))?.device ?? null);
      await store?.keep(this.#key, tokens);
    };
    await (store ? store.exclusively(work) : work());
  }

  /**
   * After `ExpiredToken` from S3: the next request gets new keys. With the access key that was refused, keys that were
   * renewed in the meantime are kept.
   */
  dropCredentials(rejectedAccessKeyId?: string): void {
    this.#keys.drop(
      ({ keys }) => rejectedAccessKeyId === undefined || keys.accessKeyId === rejectedAccessKeyId,
    );
  }

  readonly #userPool = once(() => {
    const { config, env, backoff } = this.#options;
    return userPoolClient(regionOfPool(this.#key.userPoolId) ?? config.aws.region, env, backoff);
  });

  readonly #identityPool = once(() => {
    const { config, env, backoff } = this.#options;
    return identityPoolClient(regionOfPool(this.#identity.poolId) ?? config.aws.region, env, backoff);
  });

  #leaseTokens(): (old: Tokens | null) => Promise<Lease<Tokens>> {
    const lease = sharedTokens({
      key: this.#key,
      store: this.#options.store,
      signIn: device => this.#signInOnce(device),
      renew: old => this.#renew(old),
      now: this.#now,
    });
    return async old => {
      try {
        return await lease(old);
      } catch (error) {
        const isOver = old !== null && (error as RunError).code === 'sign_in_expired';
        if (isOver && !this.#hasEnded) {
          this.#hasEnded = true;
          this.#options.onEnded?.(error as RunError);
        }
        throw error;
      }
    };
  }

  #signInOnce(device: Device | null): Promise<Tokens> {
    this.#signedIn ??= this.#obtain('sign_in', null, async at =>
      signIn(await this.#userPool(), this.#options.questions, at, device),
    );
    return this.#signedIn;
  }

  #renew(old: Tokens): Promise<Tokens> {
    return this.#obtain('renewal', old.refreshToken, async at => ({
      result: await renewTokens(await this.#userPool(), old, at),
      device: old.device,
    }));
  }

  async #obtain(
    step: 'sign_in' | 'renewal',
    refreshToken: string | null,
    request: (at: Circumstances) => Promise<SignedIn>,
  ): Promise<Tokens> {
    try {
      const at = await this.#circumstances(step);
      const askedAt = this.#now();
      const { result, device } = await request(at);
      const tokens = tokensFrom(result, askedAt, { refreshToken, device });
      if (!tokens) throw noTokens(at);
      return tokens;
    } catch (error) {
      // Ctrl-C at the prompt ends the command; it is no refusal.
      throw isExitPrompt(error) ? error : classify(error, await this.#circumstances(step));
    }
  }

  async #circumstances(step: Step): Promise<Circumstances> {
    const endpoint =
      step === 'keys'
        ? await identityPoolAddress(await this.#identityPool())
        : await userPoolAddress(await this.#userPool());
    return { step, endpoint, ...this.#key, identityPoolId: this.#identity.poolId, now: this.#now() };
  }

  async #leaseKeys(): Promise<Lease<RoleKeys>> {
    requireKeys(this.#options.config, ['aws.cognito.identity_pool_id']);
    const tokens = await this.#tokens.get();
    try {
      return await this.#keysFor(tokens);
    } catch (error) {
      if ((error as RunError).code !== 'identity_token_expired') throw error;
    }
    return this.#keysFor(await this.#tokens.replace(({ idToken }) => idToken === tokens.idToken));
  }

  async #keysFor({ idToken, clockAheadMs }: Tokens): Promise<Lease<RoleKeys>> {
    const claims = claimsOf(idToken);
    const { storage_group: storageGroup } = this.#options.config.aws.amplify;
    const storageRole = roleOfGroup(claims, storageGroup);
    const { username, userPoolId } = this.#key;
    try {
      const login = { idToken, userPoolId, wantedRole: storageRole };
      const value = await fetchKeys(await this.#identityPool(), this.#identity, login, this.#now());
      const groups = claims['cognito:groups'] ?? [];
      this.#user = { username, groups, storageGroup, role: value.role, storageRole };
      // The keys expire by AWS's clock; a wrong clock here must not make fresh keys look old.
      const ahead = Math.abs(clockAheadMs) > MIN_SKEW_MS ? clockAheadMs : 0;
      return { value, expiresAt: value.keys.expiration.getTime() - ahead };
    } catch (error) {
      throw classify(error, await this.#circumstances('keys'));
    }
  }
}

function noTokens(at: Circumstances): RunError {
  return new RunError(
    'sign_in_failed',
    `The response of ${at.endpoint} has no tokens for ${at.username}.`,
    'Check the values under aws.cognito ("migrator show").',
  );
}

/** The token lists the roles of the groups, but not which group has which; Amplify puts the group's name into the role's. */
function roleOfGroup(claims: IdClaims, group: string): string | null {
  const { 'cognito:groups': groups = [], 'cognito:roles': roles = [] } = claims;
  if (!groups.includes(group)) return null;
  const named = roles.filter(role => belongsTo(roleNameOf(role), group));
  if (named.length === 1) return named[0]!;
  return groups.length === 1 && roles.length === 1 ? roles[0]! : null;
}

function isExitPrompt(error: unknown): boolean {
  return error instanceof Error && error.name === 'ExitPromptError';
}
