import { RunError } from '../../../stages/errors.ts';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import type { Env } from '../../config/home.ts';
import { KEYS_FOR, requireKeys } from '../../config/require-keys.ts';
import type { Config } from '../../config/settings.ts';
import { regionOfPool } from '../aws/regions.ts';
import { retryRequestsOf } from '../aws/sdk-retries.ts';
import { type Lease, Renewal } from '../renewal.ts';
import { belongsTo, type SignedInUser } from '../s3/access-denied.ts';
import { type Circumstances, classify, type Step } from './classify.ts';
import { identityPoolAddress, identityPoolClient, userPoolAddress, userPoolClient } from './clients.ts';
import type { Device } from './device.ts';
import { type AwsKeys, fetchKeys, type Identity, type RoleKeys } from './keys.ts';
import type { Questions } from './questions.ts';
import { sharedTokens } from './shared-tokens.ts';
import { renewTokens, type SignedIn, signIn } from './sign-in.ts';
import type { SignInKey, TokenStore } from './token-store.ts';
import { claimsOf, type IdClaims, type Tokens, tokensFrom } from './tokens.ts';

/**
 * A signed-in user of the Amplify project, for one process. When something is first asked for it takes the sign-in that
 * is kept from before, or signs in; it renews while it is used, and asks for the password at most once. All methods may
 * be called by many at the same time.
 *
 * Every method throws {@link RunError} with a remedy (the table in classify.ts).
 */
export interface CognitoSession {
  /** For AppSync, bare in `Authorization`. Good for some time yet: renewed before it expires. */
  idToken(): Promise<string>;
  /** After a 401: another token than the rejected one. Many callers with the same rejected token cause one renewal. */
  renewIdToken(rejected: string): Promise<string>;
  /** `cognito:groups` of the ID token; empty if the user is in none. */
  groups(): Promise<string[]>;
  /** ARN of the role that the keys are of; null if it is the one of all signed-in users. */
  keysRole(): Promise<string | null>;
  /** Where the requests go. Sends nothing. */
  addresses(): Promise<{ userPool: string; identityPool: string }>;
  /** Signs in with the password, whatever is kept, and keeps the result. For one who has not been asked anything yet. */
  signIn(): Promise<void>;
  /** For the `credentials` option of AWS SDK clients; all clients share the same keys. */
  readonly credentials: CredentialsProvider;
  /**
   * After `ExpiredToken` from S3: the next request gets new keys. With the access key that was refused, keys that were
   * renewed in the meantime are left alone.
   */
  dropCredentials(rejectedAccessKeyId?: string): void;
}

export interface CredentialsProvider {
  (): Promise<AwsKeys>;
  /** Tells the SDK not to keep the keys itself, so that renewed and dropped ones count from the next request on. */
  readonly memoized: true;
  /** Whose keys they are, as far as that is known; null before there are any. */
  readonly user: () => SignedInUser | null;
}

/**
 * A session for the user, pools and region of the configuration. Endpoints follow the AWS SDK's own variables
 * (`AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER`, `AWS_ENDPOINT_URL_COGNITO_IDENTITY`, `AWS_ENDPOINT_URL`) in `env`.
 * `now` gives ms since the epoch. Sends nothing yet; throws ConfigError if the user pool's values are not all set.
 */
export function createCognitoSession(options: {
  config: Config;
  env: Env;
  questions: Questions;
  /** Where sign-ins are kept and shared with other processes; null keeps nothing. */
  store: TokenStore | null;
  /**
   * Told once that the sign-in has ended for good (revoked, or its 30 days are over). What is held serves for some
   * minutes more: the time to finish what is in flight.
   */
  onEnded?: (error: RunError) => void;
  /** Retries of requests; the SDK's own when absent. */
  backoff?: Backoff;
  now?: () => number;
}): CognitoSession {
  const { config, env, questions, store, onEnded, backoff, now = Date.now } = options;
  requireKeys(config, KEYS_FOR.cognito);
  const { region, cognito, amplify } = config.aws;
  const circumstances = async (step: Step): Promise<Circumstances> => ({
    step,
    endpoint:
      step === 'keys'
        ? await identityPoolAddress(await identityPool())
        : await userPoolAddress(await userPool()),
    username: cognito.username,
    userPoolId: cognito.user_pool_id,
    clientId: cognito.client_id,
    identityPoolId: cognito.identity_pool_id,
    now: now(),
  });
  const userPool = once(async () => {
    const client = await userPoolClient(regionOfPool(cognito.user_pool_id) ?? region, env);
    if (backoff) retryRequestsOf(client, backoff);
    return client;
  });
  const identityPool = once(async () => {
    const client = await identityPoolClient(regionOfPool(cognito.identity_pool_id) ?? region, env);
    if (backoff) retryRequestsOf(client, backoff);
    return client;
  });
  const identity: Identity = { poolId: cognito.identity_pool_id, id: null, refusesRoles: false };

  const obtain = async (
    step: 'sign_in' | 'renewal',
    ask: (client: Awaited<ReturnType<typeof userPool>>, at: Circumstances) => Promise<Partial<SignedIn>>,
    refreshToken: string | null,
  ): Promise<Tokens> => {
    try {
      const client = await userPool();
      const askedAt = now();
      const { result, device = null } = await ask(client, await circumstances(step));
      const fresh = tokensFrom(result, askedAt, { refreshToken, device });
      if (!fresh) throw noTokens(await circumstances(step));
      return fresh;
    } catch (error) {
      // Ctrl-C at the prompt is no refusal; the command ends by it.
      throw isExitPrompt(error) ? error : classify(error, await circumstances(step));
    }
  };
  // Many workers ask; a second wrong attempt for each would have Cognito lock the user.
  let signedIn: Promise<Tokens> | null = null;
  const signInOnce = (device: Device | null): Promise<Tokens> => {
    signedIn ??= obtain('sign_in', (client, at) => signIn(client, questions, at, device), null);
    return signedIn;
  };
  const renew = (old: Tokens): Promise<Tokens> =>
    obtain(
      'renewal',
      async (client, at) => ({ result: await renewTokens(client, old, at), device: old.device }),
      old.refreshToken,
    );
  const key: SignInKey = {
    userPoolId: cognito.user_pool_id,
    clientId: cognito.client_id,
    username: cognito.username,
  };
  const lease = sharedTokens({ key, store, signIn: signInOnce, renew, now });
  let ended = false;
  const tokens = new Renewal<Tokens>(async old => {
    try {
      return await lease(old);
    } catch (error) {
      if (old && !ended && (error as RunError).code === 'sign_in_expired') {
        ended = true;
        onEnded?.(error as RunError);
      }
      throw error;
    }
  }, now);

  const keys = new Renewal<RoleKeys>(async () => {
    requireKeys(config, ['aws.cognito.identity_pool_id']);
    const held = await tokens.get();
    try {
      return await leaseKeys(held);
    } catch (error) {
      const classified = classify(error, await circumstances('keys'));
      if (classified.code !== 'identity_token_expired') throw classified;
    }
    const renewed = await tokens.replace(({ idToken }) => idToken === held.idToken);
    try {
      return await leaseKeys(renewed);
    } catch (error) {
      throw classify(error, await circumstances('keys'));
    }
  }, now);

  let user: SignedInUser | null = null;
  async function leaseKeys({ idToken, clockAheadMs }: Tokens): Promise<Lease<RoleKeys>> {
    const claimed = claimsOf(idToken);
    const storageRole = roleOfGroup(claimed, amplify.storage_group);
    const login = { idToken, userPoolId: cognito.user_pool_id, wantedRole: storageRole };
    const value = await fetchKeys(await identityPool(), identity, login, now());
    user = {
      username: cognito.username,
      groups: claimed['cognito:groups'] ?? [],
      storageGroup: amplify.storage_group,
      role: value.role,
      storageRole,
    };
    // The end of the keys is told by AWS's clock; a wrong clock here must not make fresh keys look old.
    const ahead = Math.abs(clockAheadMs) > NOTEWORTHY_SKEW_MS ? clockAheadMs : 0;
    return { value, expiresAt: value.keys.expiration.getTime() - ahead };
  }

  const claims = async () => claimsOf((await tokens.get()).idToken);
  const provider = async (): Promise<AwsKeys> => (await keys.get()).keys;
  return {
    idToken: async () => (await tokens.get()).idToken,
    renewIdToken: async rejected => (await tokens.replace(({ idToken }) => idToken === rejected)).idToken,
    groups: async () => (await claims())['cognito:groups'] ?? [],
    keysRole: async () => (await keys.get()).role,
    addresses: async () => ({
      userPool: await userPoolAddress(await userPool()),
      identityPool: await identityPoolAddress(await identityPool()),
    }),
    signIn: async () => {
      const keepNew = async () => {
        const fresh = await signInOnce((await store?.find(key))?.device ?? null);
        await store?.keep(key, fresh);
      };
      await (store ? store.exclusively(keepNew) : keepNew());
    },
    credentials: Object.assign(provider, { memoized: true as const, user: () => user }),
    dropCredentials: rejected =>
      keys.drop(held => rejected === undefined || held.keys.accessKeyId === rejected),
  };
}

const NOTEWORTHY_SKEW_MS = 30_000;

function noTokens(at: Circumstances): RunError {
  return new RunError(
    'sign_in_failed',
    `${at.endpoint} answered without tokens for ${at.username}.`,
    'Check the values under aws.cognito ("migrator show").',
  );
}

/** The token names the roles of the groups, but not which is whose; Amplify puts the group's name into the role's. */
function roleOfGroup(claims: IdClaims, group: string): string | null {
  const { 'cognito:groups': groups = [], 'cognito:roles': roles = [] } = claims;
  if (!groups.includes(group)) return null;
  const named = roles.filter(role => belongsTo(role.slice(role.lastIndexOf('/') + 1), group));
  if (named.length === 1) return named[0]!;
  return groups.length === 1 && roles.length === 1 ? roles[0]! : null;
}

function isExitPrompt(error: unknown): boolean {
  return error instanceof Error && error.name === 'ExitPromptError';
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
