import { RunError } from '../../stages/errors.ts';
import type { Env } from '../config/home.ts';
import { KEYS_FOR, requireKeys } from '../config/require-keys.ts';
import type { Config } from '../config/settings.ts';
import { type Lease, Renewal } from '../renewal.ts';
import { type Circumstances, classify, type Step } from './classify.ts';
import { endpointName, identityPoolClient, userPoolClient } from './clients.ts';
import { type AwsKeys, fetchKeys, type Identity } from './keys.ts';
import { renewTokens, signIn } from './sign-in.ts';
import { claimsOf, type Tokens, tokensFrom } from './tokens.ts';

/**
 * A signed-in user of the Amplify project, for one process. Signs in when something is first asked for, renews while it
 * is used, and asks for the password at most once. All methods may be called by many at the same time.
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
}

/**
 * A session for the user, pools and region of the configuration. Endpoints follow the AWS SDK's own variables
 * (`AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER`, `AWS_ENDPOINT_URL_COGNITO_IDENTITY`, `AWS_ENDPOINT_URL`) in `env`.
 * `now` gives ms since the epoch. Sends nothing yet; throws ConfigError if the user pool's values are not all set.
 */
export function createCognitoSession(options: {
  config: Config;
  env: Env;
  password: () => Promise<string>;
  now?: () => number;
}): CognitoSession {
  const { config, env, password, now = Date.now } = options;
  requireKeys(config, KEYS_FOR.cognito);
  const { region, cognito } = config.aws;
  const circumstances = (step: Step): Circumstances => ({
    step,
    endpoint: endpointName(step === 'keys' ? 'COGNITO_IDENTITY' : 'COGNITO_IDENTITY_PROVIDER', region, env),
    username: cognito.username,
    userPoolId: cognito.user_pool_id,
    clientId: cognito.client_id,
    identityPoolId: cognito.identity_pool_id,
    now: now(),
  });
  const userPool = once(() => userPoolClient(region, env));
  const identityPool = once(() => identityPoolClient(region, env));
  const identity: Identity = { poolId: cognito.identity_pool_id, id: null };

  let signInRefused: unknown = null;
  const tokens = new Renewal<Tokens>(async old => {
    const step = old ? 'renewal' : 'sign_in';
    // Many workers ask; a second wrong attempt for each would have Cognito lock the user.
    if (signInRefused) throw signInRefused;
    try {
      const secret = old ? old.refreshToken : await password();
      const client = await userPool();
      const askedAt = now();
      const result = old
        ? await renewTokens(client, secret, circumstances(step))
        : await signIn(client, secret, circumstances(step));
      const fresh = tokensFrom(result, askedAt, old?.refreshToken ?? null);
      if (!fresh) throw noTokens(circumstances(step));
      return { value: fresh, expiresAt: fresh.expiresAt };
    } catch (error) {
      // Ctrl-C at the prompt is no refusal; the command ends by it.
      const classified = isExitPrompt(error) ? error : classify(error, circumstances(step));
      if (!old) signInRefused = classified;
      throw classified;
    }
  }, now);

  const keys = new Renewal<AwsKeys>(async () => {
    requireKeys(config, ['aws.cognito.identity_pool_id']);
    const held = await tokens.get();
    try {
      return await leaseKeys(held);
    } catch (error) {
      const classified = classify(error, circumstances('keys'));
      if (classified.code !== 'identity_token_expired') throw classified;
    }
    const renewed = await tokens.replace(({ idToken }) => idToken === held.idToken);
    try {
      return await leaseKeys(renewed);
    } catch (error) {
      throw classify(error, circumstances('keys'));
    }
  }, now);

  async function leaseKeys({ idToken, clockAheadMs }: Tokens): Promise<Lease<AwsKeys>> {
    const value = await fetchKeys(
      await identityPool(),
      identity,
      { idToken, userPoolId: cognito.user_pool_id },
      now(),
    );
    // The end of the keys is told by AWS's clock; a wrong clock here must not make fresh keys look old.
    const ahead = Math.abs(clockAheadMs) > NOTEWORTHY_SKEW_MS ? clockAheadMs : 0;
    return { value, expiresAt: value.expiration.getTime() - ahead };
  }

  const provider = async (): Promise<AwsKeys> => keys.get();
  return {
    idToken: async () => (await tokens.get()).idToken,
    renewIdToken: async rejected => (await tokens.replace(({ idToken }) => idToken === rejected)).idToken,
    groups: async () => claimsOf((await tokens.get()).idToken)['cognito:groups'] ?? [],
    credentials: Object.assign(provider, { memoized: true as const }),
    dropCredentials: rejected => keys.drop(held => rejected === undefined || held.accessKeyId === rejected),
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
