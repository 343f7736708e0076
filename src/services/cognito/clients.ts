import type { CognitoIdentity } from '@aws-sdk/client-cognito-identity';
import type { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import { guardAndRetry } from '../aws/client.ts';
import { httpAgents } from '../network/proxy.ts';

export async function userPoolClient(region: string, backoff: Backoff): Promise<CognitoIdentityProvider> {
  const { CognitoIdentityProvider } = await import('@aws-sdk/client-cognito-identity-provider');
  const client = new CognitoIdentityProvider(await settings(region));
  guardAndRetry(client, { service: 'the user pool', backoff });
  return client;
}

export async function identityPoolClient(region: string, backoff: Backoff): Promise<CognitoIdentity> {
  const { CognitoIdentity } = await import('@aws-sdk/client-cognito-identity');
  const client = new CognitoIdentity(await settings(region));
  guardAndRetry(client, { service: 'the identity pool', backoff });
  return client;
}

async function settings(region: string) {
  const requestHandler = {
    connectionTimeout: 5_000,
    requestTimeout: 15_000,
    // Without this option the timeout only logs a warning (docs/services.md, Cognito).
    throwOnRequestTimeout: true,
    ...(await httpAgents({ keepAlive: true })),
  };
  return { region, requestHandler };
}
