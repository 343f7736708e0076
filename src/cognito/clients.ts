import type { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import type { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import type { Env } from '../config/home.ts';

// Three new attempts, with the SDK's growing waits: on throttling, 5xx and network faults.
const MAX_ATTEMPTS = 4;
// Without `throwOnRequestTimeout` the time-out only warns (facts.md, S3 through the SDK).
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true };

export async function userPoolClient(region: string, env: Env): Promise<CognitoIdentityProviderClient> {
  const { CognitoIdentityProviderClient } = await import('@aws-sdk/client-cognito-identity-provider');
  return new CognitoIdentityProviderClient({
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: TIMEOUTS,
    ...configuredEndpoint('COGNITO_IDENTITY_PROVIDER', env),
  });
}

export async function identityPoolClient(region: string, env: Env): Promise<CognitoIdentityClient> {
  const { CognitoIdentityClient } = await import('@aws-sdk/client-cognito-identity');
  return new CognitoIdentityClient({
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: TIMEOUTS,
    ...configuredEndpoint('COGNITO_IDENTITY', env),
  });
}

/** For messages: where the requests of this service go. */
export function endpointName(
  service: 'COGNITO_IDENTITY_PROVIDER' | 'COGNITO_IDENTITY',
  region: string,
  env: Env,
): string {
  const host = service === 'COGNITO_IDENTITY' ? 'cognito-identity' : 'cognito-idp';
  return configuredEndpoint(service, env).endpoint ?? `https://${host}.${region}.${domainOf(region)}`;
}

/** The domain of AWS's services in a region. */
export function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

// The SDK's own variables, read from the given environment instead of the process's.
function configuredEndpoint(service: string, env: Env): { endpoint?: string } {
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true') return {};
  const endpoint = env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL;
  return endpoint ? { endpoint } : {};
}
