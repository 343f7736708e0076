import type { CognitoIdentity, Credentials } from '@aws-sdk/client-cognito-identity';
import { RunError } from '../../../stages/errors.ts';
import { domainOf, regionOfPool } from '../aws/regions.ts';
import { belongsTo, roleNameOf } from '../aws/roles.ts';
import { claimsOf } from './tokens.ts';

export interface Identity {
  poolId: string;
  /** Null before the first request; kept for the session, since it never changes for a user. */
  id: string | null;
  /** True after the identity pool has refused a request for a certain role. */
  refusesRoles: boolean;
}

export type Keys = ReturnType<typeof keysOf>;

const FIFTEEN_MINUTES_MS = 15 * 60_000;

/**
 * Keys of the role that the user's group has. A user of several groups gets the role of the one that comes first
 * (`cognito:preferred_role`), unless `wantedRole`, another role of the token, is asked for and the pool allows that
 * (Cognito developer guide, "Using role-based access control"). `Logins` goes with both requests: the pool allows guests
 * too, and would otherwise give a guest's keys (docs/services.md, Cognito). `role` is null if the pool chose that of all
 * signed-in users. Keeps what it learns in `identity`. Throws the SDK's errors as they are.
 */
export async function fetchKeys(
  client: CognitoIdentity,
  identity: Identity,
  login: { idToken: string; userPoolId: string; wantedRole: string | null },
  now: number,
): Promise<{ keys: Keys; role: string | null }> {
  const Logins = { [await providerName(login)]: login.idToken };
  identity.id ??= (await client.getId({ IdentityPoolId: identity.poolId, Logins })).IdentityId ?? null;
  const keysFor = async (CustomRoleArn?: string) => {
    const IdentityId = identity.id!;
    const { Credentials } = await client.getCredentialsForIdentity({ IdentityId, Logins, CustomRoleArn });
    return keysOf(Credentials, identity.poolId, now);
  };
  const preferred = claimsOf(login.idToken)['cognito:preferred_role'] ?? null;
  const { wantedRole } = login;
  let isRefused = false;
  if (wantedRole && wantedRole !== preferred && !identity.refusesRoles) {
    try {
      return { keys: await keysFor(wantedRole), role: wantedRole };
    } catch (refusal) {
      if (!REFUSES_ROLE.test((refusal as Error).name)) throw refusal;
      isRefused = true;
    }
  }
  const keys = await keysFor();
  // If something else had been refused, the request without the role would have been refused as well.
  identity.refusesRoles ||= isRefused;
  return { keys, role: preferred };
}

const REFUSES_ROLE =
  /^(NotAuthorized|InvalidParameter|InvalidIdentityPoolConfiguration|Validation)Exception$/;

/** How the identity pool knows the user pool: the issuer without `https://`. */
async function providerName(login: { idToken: string; userPoolId: string }): Promise<string> {
  const issuer = claimsOf(login.idToken).iss ?? '';
  if (issuer.startsWith('https://cognito-idp.')) return issuer.slice('https://'.length);
  const region = regionOfPool(login.userPoolId) ?? '';
  return `cognito-idp.${region}.${await domainOf(region)}/${login.userPoolId}`;
}

/** The token lists the roles of the groups, but not which group has which; Amplify puts the group's name into the role's. */
export function roleOfGroup(idToken: string, group: string): string | null {
  const { 'cognito:groups': groups = [], 'cognito:roles': roles = [] } = claimsOf(idToken);
  if (!groups.includes(group)) return null;
  const named = roles.filter(role => belongsTo(roleNameOf(role), group));
  if (named.length === 1) return named[0]!;
  return groups.length === 1 && roles.length === 1 ? roles[0]! : null;
}

function keysOf(given: Credentials | undefined, poolId: string, now: number) {
  if (!given?.AccessKeyId || !given.SecretKey || !given.SessionToken) {
    throw new RunError(
      'identity_pool_refuses',
      `The response of identity pool ${poolId} has no keys.`,
      'Take user pool, client and identity pool from the same project: "migrator config --from amplify_outputs.json".',
    );
  }
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretKey,
    sessionToken: given.SessionToken,
    // Keys without an end would never be renewed (docs/services.md, Cognito); no role session is shorter than this.
    expiration: given.Expiration ?? new Date(now + FIFTEEN_MINUTES_MS),
  };
}
