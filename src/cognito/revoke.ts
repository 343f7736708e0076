import type { Env } from '../config/home.ts';
import { userPoolClient } from './clients.ts';
import type { KeptSignIn } from './token-store.ts';

/**
 * Ends a sign-in at Cognito: its refresh token, and the access tokens made with it. ID tokens and AWS keys that are out
 * live to their end, an hour at most. Throws the SDK's errors as they are.
 */
export async function revokeSignIn(
  { userPoolId, clientId, refreshToken }: KeptSignIn,
  env: Env,
): Promise<void> {
  const { RevokeTokenCommand } = await import('@aws-sdk/client-cognito-identity-provider');
  const client = await userPoolClient(userPoolId.split('_')[0]!, env);
  try {
    await client.send(new RevokeTokenCommand({ ClientId: clientId, Token: refreshToken }));
  } finally {
    client.destroy();
  }
}
