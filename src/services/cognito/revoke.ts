import { addressOf } from '../aws/endpoint-guard.ts';
import { regionOfPool } from '../aws/regions.ts';
import { userPoolClient } from './clients.ts';
import { classify } from './errors.ts';
import type { KeptSignIn } from './token-store.ts';

const BACKOFF = { retries: 3, baseMs: 100, capMs: 8_000 };

/**
 * Ends a sign-in at Cognito: its refresh token, and the access tokens made with it. ID tokens and AWS keys that are out
 * live to their end, an hour at most. Throws RunError.
 */
export async function revokeSignIn(signIn: KeptSignIn): Promise<void> {
  const { userPoolId, clientId, refreshToken } = signIn;
  const client = await userPoolClient(regionOfPool(userPoolId) ?? '', BACKOFF);
  try {
    await client.revokeToken({ ClientId: clientId, Token: refreshToken });
  } catch (error) {
    const endpoint = await addressOf(client, 'the user pool');
    throw classify(error, { ...signIn, step: 'renewal', endpoint, identityPoolId: '', now: Date.now() });
  } finally {
    client.destroy();
  }
}
