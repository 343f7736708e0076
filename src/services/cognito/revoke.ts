import type { Env } from '../../config/home.ts';
import { regionOfPool } from '../aws/regions.ts';
import { userPoolAddress, userPoolClient } from './clients.ts';
import { classify } from './errors.ts';
import type { KeptSignIn } from './token-store.ts';

/**
 * Ends a sign-in at Cognito: its refresh token, and the access tokens made with it. ID tokens and AWS keys that are out
 * live to their end, an hour at most. Throws RunError.
 */
export async function revokeSignIn(signIn: KeptSignIn, env: Env): Promise<void> {
  const { userPoolId, clientId, username, refreshToken } = signIn;
  const { RevokeTokenCommand } = await import('@aws-sdk/client-cognito-identity-provider');
  const client = await userPoolClient(regionOfPool(userPoolId) ?? '', env);
  try {
    await client.send(new RevokeTokenCommand({ ClientId: clientId, Token: refreshToken }));
  } catch (error) {
    const endpoint = await userPoolAddress(client);
    throw classify(error, {
      step: 'renewal',
      endpoint,
      username,
      userPoolId,
      clientId,
      identityPoolId: '',
      now: Date.now(),
    });
  } finally {
    client.destroy();
  }
}
