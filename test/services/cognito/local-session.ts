/** A Cognito session of one user on local pools. */
import './fast-srp.ts';
import { defaultConfig } from '../../../src/config/settings.ts';
import type { Questions } from '../../../src/services/cognito/questions.ts';
import { CognitoSession, type SessionOptions } from '../../../src/services/cognito/session.ts';
import type { IdentityPool } from '../../cloud/cognito/identity-pool.ts';
import type { UserPool } from '../../cloud/cognito/user-pool.ts';

export const EMAIL = 'someone@example.com';
export const PASSWORD = 'Correct-Horse-1';
export const HOUR_MS = 3_600_000;

/** Replaces values of the configuration, and options of the session. */
export interface Change extends Partial<Omit<SessionOptions, 'config'>> {
  clientId?: string;
  identityPoolId?: string;
  username?: string;
}

export function sessionAt(
  userPool: UserPool,
  identityPool: IdentityPool | null,
  questions: Questions,
  { clientId, identityPoolId, username, ...more }: Change = {},
): CognitoSession {
  const config = defaultConfig();
  config.aws.region = userPool.region;
  config.aws.cognito = {
    user_pool_id: userPool.poolId,
    client_id: clientId ?? userPool.clientId,
    identity_pool_id: identityPoolId ?? identityPool?.identityPoolId ?? '',
    username: username ?? EMAIL,
  };
  process.env[USER_POOL] = userPool.service.url;
  if (identityPool) process.env[IDENTITY_POOL] = identityPool.service.url;
  const backoff = { retries: 3, baseMs: 1, capMs: 1 };
  return new CognitoSession({ config, questions, store: NO_STORE, backoff, ...more });
}

/** Every session signs in for itself. */
const NO_STORE: SessionOptions['store'] = {
  find: async () => null,
  keep: async () => {},
  forget: async () => {},
  exclusively: work => work(),
};

const USER_POOL = 'AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER';
const IDENTITY_POOL = 'AWS_ENDPOINT_URL_COGNITO_IDENTITY';

after(() => {
  for (const name of [USER_POOL, IDENTITY_POOL]) delete process.env[name];
});

/** Knows the password, and nothing else that Cognito may ask for. */
export function passwordOnly(password: () => string): Questions {
  const fail = async (): Promise<string> => {
    throw new Error('only the password is known');
  };
  return { retries: 0, password: async () => password(), code: fail, newPassword: fail };
}
