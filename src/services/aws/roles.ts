import type { AwsCredentialIdentity } from '@smithy/types';

export interface SignedInUser {
  username: string;
  groups: readonly string[];
  /** The group that may write to the storage (`aws.amplify.storage_group`). */
  storageGroup: string;
  /** ARN of the role that the keys were requested for; null if the identity pool chose the role of signed-in users. */
  role: string | null;
  /** ARN of the storage group's role; null if the ID token does not name it. */
  storageRole: string | null;
}

/** The `credentials` option of AWS SDK clients. All clients share one source, so that keys are fetched once. */
export interface AwsKeySource {
  (): Promise<AwsCredentialIdentity>;
  /** Without this field the SDK caches the keys itself, and misses renewed and dropped ones. */
  readonly memoized: true;
  /** After these keys were refused as expired: the next request gets others. */
  readonly drop: (accessKeyId: string) => void;
  /** Whose keys they are, for messages; null before there are any. */
  readonly user?: () => SignedInUser | null;
}

export function roleNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** Whether it is the role of a group, as Amplify names it: `…amplifyAuthADMINSGroupRole…`, cut off after 24 characters. */
export function belongsTo(role: string, group: string): boolean {
  const name = group.replace(/[^\w]/g, '\\$&');
  return new RegExp(`(?:^|[^a-z0-9]|amplifyAuth)${name}(?:$|[^a-z0-9]|gr|role)`, 'i').test(role);
}
