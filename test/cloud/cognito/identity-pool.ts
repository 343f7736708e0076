/** A Cognito identity pool as Amplify Gen 2 sets it up: guests allowed, members of ADMINS get the group's own role. */
import { randomUUID } from 'node:crypto';
import type { CredentialStore, Role } from '../s3/credentials.ts';
import { serve } from '../service.ts';
import { AwsError, type AwsInput, awsJson, mapOf, textOf } from './aws-json.ts';
import type { Claims } from './jwt.ts';
import { TokenError } from './tokens.ts';
import type { UserPool } from './user-pool.ts';

export interface IdentityPoolOptions {
  userPool: UserPool;
  /** Who hands out keys that the local S3 knows. */
  credentials: Pick<CredentialStore, 'issue'>;
  /** Whether a user of several groups may ask for the role of another one; true when absent. */
  customRoles?: boolean;
  /** 3600 when absent, as in Cognito. */
  credentialsLifetimeSeconds?: number;
}

export type IdentityPool = Awaited<ReturnType<typeof createIdentityPool>>;

/** An identity belongs to one user, or to a guest (null). */
type Owner = string | null;

/** Starts an identity pool that trusts one user pool. */
export async function createIdentityPool(options: IdentityPoolOptions) {
  const { userPool } = options;
  const identityPoolId = `${userPool.region}:${randomUUID()}`;
  const provider = userPool.issuer.replace('https://', '');
  const identities = new Map<string, Owner>();
  const identityOfUser = new Map<string, string>();

  const claimsOf = (input: AwsInput): Claims | null => {
    const logins = mapOf(input, 'Logins');
    const names = Object.keys(logins);
    if (names.length === 0) return null;
    if (names.length > 1 || names[0] !== provider) {
      throw refused('Token is not from a supported provider of this identity pool.');
    }
    return verified(logins[provider]!, userPool);
  };

  const newIdentity = (owner: Owner): string => {
    const id = `${userPool.region}:${randomUUID()}`;
    identities.set(id, owner);
    return id;
  };

  const service = await serve(
    awsJson('AWSCognitoIdentityService', {
      GetId(input) {
        const pool = textOf(input, 'IdentityPoolId');
        if (pool !== identityPoolId) {
          throw new AwsError('ResourceNotFoundException', `IdentityPool '${pool}' not found.`);
        }
        const claims = claimsOf(input);
        if (!claims) return { IdentityId: newIdentity(null) };
        const IdentityId = identityOfUser.get(claims.sub) ?? newIdentity(claims.sub);
        identityOfUser.set(claims.sub, IdentityId);
        return { IdentityId };
      },
      GetCredentialsForIdentity(input) {
        const IdentityId = textOf(input, 'IdentityId');
        const owner = identities.get(IdentityId);
        if (owner === undefined) {
          throw new AwsError('ResourceNotFoundException', `Identity '${IdentityId}' not found.`);
        }
        const claims = claimsOf(input);
        if (!claims && owner !== null) throw refused(`Access to Identity '${IdentityId}' is forbidden.`);
        if (claims && owner !== claims.sub) {
          throw refused(
            "Logins don't match. Please include at least one valid login for this identity or identity pool.",
          );
        }
        const lifetimeSeconds = options.credentialsLifetimeSeconds ?? 3600;
        const role = roleOf(claims, customRoleOf(input, claims, options.customRoles ?? true));
        const keys = options.credentials.issue({ ...role, lifetimeSeconds });
        return {
          IdentityId,
          Credentials: {
            AccessKeyId: keys.accessKeyId,
            SecretKey: keys.secretAccessKey,
            SessionToken: keys.sessionToken,
            Expiration: keys.expiration.getTime() / 1000,
          },
        };
      },
    }),
  );
  return { service, identityPoolId, close: () => service.close() };
}

/** The group that comes first decides, unless the caller asks for the role of another one ("Using role-based access control"). */
function roleOf(claims: Claims | null, customRole: string | null): { role: Role; roleName?: string } {
  if (!claims) return { role: 'guest' };
  const arn = customRole ?? claims['cognito:preferred_role'];
  if (typeof arn !== 'string') return { role: 'authenticated' };
  const roleName = arn.slice(arn.lastIndexOf('/') + 1);
  return { role: roleName.includes('-ADMINSGroupRole') ? 'admins' : 'other group', roleName };
}

function customRoleOf(input: AwsInput, claims: Claims | null, allowed: boolean): string | null {
  if (input.CustomRoleArn === undefined) return null;
  const arn = textOf(input, 'CustomRoleArn');
  const roles = claims?.['cognito:roles'];
  if (allowed && Array.isArray(roles) && roles.includes(arn)) return arn;
  throw refused('Invalid identity pool configuration. Check assigned IAM roles for this pool.');
}

const refused = (message: string) => new AwsError('NotAuthorizedException', message);

function verified(token: string, userPool: UserPool): Claims {
  let claims: Claims;
  try {
    claims = userPool.verifyToken(token);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const why =
      error.reason === 'expired' ? 'Token expired: 1 >= 0' : 'Not a valid OpenId Connect identity token.';
    throw refused(`Invalid login token. ${why}`);
  }
  // An access token is signed by the same key, but it says nothing about who the person is to whom.
  if (claims.token_use !== 'id' || claims.aud !== userPool.clientId)
    throw refused('Invalid login token. Not a valid OpenId Connect identity token.');
  return claims;
}
