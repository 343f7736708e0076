import type { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import type { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import type { Env } from '../../config/home.ts';
import { addressOf, guardEndpoint } from '../aws/endpoint-guard.ts';
import { httpAgents } from '../network/proxy.ts';

// Three new attempts, with the SDK's growing waits: on throttling, 5xx and network faults.
const MAX_ATTEMPTS = 4;
// Without `throwOnRequestTimeout` the time-out only warns (docs/services.md, Cognito).
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true };

export async function userPoolClient(region: string, env: Env): Promise<CognitoIdentityProviderClient> {
  const { CognitoIdentityProviderClient } = await import('@aws-sdk/client-cognito-identity-provider');
  const client = new CognitoIdentityProviderClient({
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { ...TIMEOUTS, ...(await httpAgents({ keepAlive: true })) },
    ...configuredEndpoint('COGNITO_IDENTITY_PROVIDER', env),
  });
  guardEndpoint(client, 'the user pool');
  return client;
}

export async function identityPoolClient(region: string, env: Env): Promise<CognitoIdentityClient> {
  const { CognitoIdentityClient } = await import('@aws-sdk/client-cognito-identity');
  const client = new CognitoIdentityClient({
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { ...TIMEOUTS, ...(await httpAgents({ keepAlive: true })) },
    ...configuredEndpoint('COGNITO_IDENTITY', env),
  });
  guardEndpoint(client, 'the identity pool');
  return client;
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

// The SDK's own variables, read from the given environment instead of the process's.
function configuredEndpoint(service: string, env: Env): { endpoint?: string } {
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true') return {};
  const endpoint = env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL;
  return endpoint ? { endpoint } : {};
}
