import type { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import type { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import type { Env } from '../../config/home.ts';
import { addressOf, guardEndpoint } from '../aws/endpoint-guard.ts';
import { retryRequestsOf } from '../aws/sdk-retries.ts';
import { httpAgents } from '../network/proxy.ts';

/** Retries are those of `backoff`, or the SDK's own. */
export async function userPoolClient(
  region: string,
  env: Env,
  backoff?: Backoff,
): Promise<CognitoIdentityProviderClient> {
  const { CognitoIdentityProviderClient } = await import('@aws-sdk/client-cognito-identity-provider');
  const client = new CognitoIdentityProviderClient(await settings(region, 'COGNITO_IDENTITY_PROVIDER', env));
  guardEndpoint(client, 'the user pool');
  if (backoff) retryRequestsOf(client, backoff);
  return client;
}

export async function identityPoolClient(
  region: string,
  env: Env,
  backoff?: Backoff,
): Promise<CognitoIdentityClient> {
  const { CognitoIdentityClient } = await import('@aws-sdk/client-cognito-identity');
  const client = new CognitoIdentityClient(await settings(region, 'COGNITO_IDENTITY', env));
  guardEndpoint(client, 'the identity pool');
  if (backoff) retryRequestsOf(client, backoff);
  return client;
}

/** `service` as in the SDK's variables for endpoints, which are read from `env` instead of the process's environment. */
async function settings(region: string, service: string, env: Env) {
  const isIgnored = env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true';
  const endpoint = env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL;
  return {
    region,
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: 15_000,
      // Without it the timeout only logs a warning (docs/services.md, Cognito).
      throwOnRequestTimeout: true,
      ...(await httpAgents({ keepAlive: true })),
    },
    ...(endpoint && !isIgnored && { endpoint }),
  };
}

/** Where requests to the user pool go. Throws RunError if that is no safe address. */
export async function userPoolAddress(client: CognitoIdentityProviderClient): Promise<string> {
  const { GetUserCommand } = await import('@aws-sdk/client-cognito-identity-provider');
  const command = new GetUserCommand({ AccessToken: 'none' });
  return addressOf(command, () => client.send(command));
}

/** Where requests to the identity pool go. Throws RunError if that is no safe address. */
export async function identityPoolAddress(client: CognitoIdentityClient): Promise<string> {
  const { GetIdCommand } = await import('@aws-sdk/client-cognito-identity');
  const command = new GetIdCommand({ IdentityPoolId: 'none' });
  return addressOf(command, () => client.send(command));
}
