import type { CognitoIdentityClient, Credentials } from '@aws-sdk/client-cognito-identity';
import { RunError } from '../../stages/errors.ts';
import { domainOf } from './clients.ts';
import { claimsOf } from './tokens.ts';

/** Temporary AWS keys, in the shape that the AWS SDK's clients take. */
export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

export interface Identity {
  poolId: string;
  /** Null before the first request; kept for the session, since it never changes for a user. */
  id: string | null;
}

const FIFTEEN_MINUTES_MS = 15 * 60_000;

/**
 * Keys of the role that the user's group has. `Logins` goes with both requests: the pool allows guests too, and would
 * otherwise give a guest's keys (facts.md, Amplify Gen 2: sign-in). Remembers the identity's id in `identity`.
 *
 * Throws the SDK's errors as they are.
 */
export async function fetchKeys(
  client: CognitoIdentityClient,
  identity: Identity,
  login: { idToken: string; userPoolId: string },
  now: number,
): Promise<AwsKeys> {
  const { GetIdCommand, GetCredentialsForIdentityCommand } = await import('@aws-sdk/client-cognito-identity');
  const Logins = { [providerName(login)]: login.idToken };
  if (!identity.id) {
    const { IdentityId } = await client.send(new GetIdCommand({ IdentityPoolId: identity.poolId, Logins }));
    identity.id = IdentityId ?? null;
  }
  const { Credentials } = await client.send(
    new GetCredentialsForIdentityCommand({ IdentityId: identity.id!, Logins }),
  );
  return keysOf(Credentials, identity.poolId, now);
}

/** How the identity pool knows the user pool: the issuer without `https://`. */
function providerName({ idToken, userPoolId }: { idToken: string; userPoolId: string }): string {
  const issuer = claimsOf(idToken).iss ?? '';
  if (issuer.startsWith('https://cognito-idp.')) return issuer.slice('https://'.length);
  const region = userPoolId.split('_')[0]!;
  return `cognito-idp.${region}.${domainOf(region)}/${userPoolId}`;
}

function keysOf(given: Credentials | undefined, poolId: string, now: number): AwsKeys {
  if (!given?.AccessKeyId || !given.SecretKey || !given.SessionToken) {
    throw new RunError(
      'identity_pool_refuses',
      `Identity pool ${poolId} answered without keys.`,
      'Take user pool, client and identity pool from the same project: "migrator config --from amplify_outputs.json".',
    );
  }
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretKey,
    sessionToken: given.SessionToken,
    // Keys without an end would never be renewed (facts.md); no role session is shorter than this.
    expiration: given.Expiration ?? new Date(now + FIFTEEN_MINUTES_MS),
  };
}
