/** Why S3 answered AccessDenied, by its own words and by the role whose keys were used, and what to do about it. */
import { RunError } from '../../../stages/errors.ts';

/** Whose keys sign the requests. */
export interface SignedInUser {
  username: string;
  /** `cognito:groups` of the ID token. */
  groups: readonly string[];
  /** The group that may write to the storage (`aws.amplify.storage_group`). */
  storageGroup: string;
  /** ARN of the role that the keys were requested for; null if the identity pool chose the role of signed-in users. */
  role: string | null;
  /** ARN of the storage group's role; null if the ID token does not name it. */
  storageRole: string | null;
}

/** What the message of a denial is made from. */
interface Denial {
  /** S3's words. */
  words: string;
  bucket: string;
  /** Null where no keys of a user are known. */
  user: SignedInUser | null;
  /** Value of `aws.amplify.server_side_encryption`; '' for none. */
  encryption: string;
}

/** The properties that {@link rememberUser} adds to an error. */
interface Remembered {
  signedInUser?: SignedInUser | null;
  encryption?: string;
}

/** Keeps with an error of S3 who was refused, for {@link accessDenied}. */
export function rememberUser(error: unknown, user: SignedInUser | null, encryption: string): void {
  if (typeof error === 'object' && error) Object.assign(error, { signedInUser: user, encryption });
}

/** The end of a run that S3 does not let in. `error` is S3's. */
export function accessDenied(error: unknown, bucket: string): RunError {
  const { message, signedInUser, encryption } = error as Error & Remembered;
  const denial: Denial = {
    // The answer to a HEAD has no words.
    words: !message || /^unknown/i.test(message) ? 'Access Denied' : message,
    bucket,
    user: signedInUser ?? null,
    encryption: encryption ?? '',
  };
  const [code, what, remedy] = reasonOf(denial);
  return new RunError(code, `${what} (bucket ${bucket}: ${denial.words}).`, remedy, { cause: error });
}

/** S3 refuses to replace or delete this one object for as long as it is locked. */
export function isLocked(error: unknown): boolean {
  const { message } = (error ?? {}) as { message?: unknown };
  return /object lock|WORM[ -]protected|legal hold|retention period/i.test(String(message));
}

type Reason = readonly [code: string, what: string, remedy: string];

function reasonOf(denial: Denial): Reason {
  return encryptionKey(denial) ?? explicitDeny(denial) ?? boundary(denial) ?? noPermission(denial);
}

function encryptionKey({ words, user }: Denial): Reason | null {
  const [, action] = /\b(kms:\w+)/.exec(words) ?? [];
  if (!action) return null;
  const [, key] = /(arn:[\w-]*:kms:[^\s"]+)/.exec(words) ?? [];
  return [
    'storage_key_denied',
    `The bucket is encrypted with a KMS key that ${roleName(words, user)} may not use: ${action} is missing`,
    `Allow the role kms:GenerateDataKey and kms:Decrypt on ${key ?? 'the KMS key of the bucket'}, in the key policy or in the policy of the role (AWS console, KMS).`,
  ];
}

/** "… with an explicit deny in a resource-based policy" */
function explicitDeny({ words, encryption }: Denial): Reason | null {
  const [, kind] = /explicit deny in (?:an? )?([\w -]*?policy|permissions boundary)/i.exec(words) ?? [];
  if (!kind && !/explicit(?:ly)? den/i.test(words)) return null;
  const code = 'storage_denied_by_policy';
  if (kind && !/resource-based/i.test(kind)) {
    return [
      code,
      `A rule of the AWS account forbids it: explicit deny in the ${kind}`,
      'Ask the administrator of the AWS account to allow s3:PutObject, s3:GetObject and s3:DeleteObject under media/* for this role.',
    ];
  }
  return [
    code,
    'The bucket policy forbids it: explicit deny',
    encryption
      ? `Uploads ask for encryption by ${encryption} (aws.amplify.server_side_encryption). Compare that, and aws.amplify.kms_key_id, with what the bucket policy demands (AWS console, S3, Permissions).`
      : 'If the bucket policy demands an encryption header, set it: "migrator config --server-side-encryption AES256", or aws:kms with --kms-key-id where it demands a certain key. Otherwise ask the administrator of the AWS account to change the policy (AWS console, S3, Permissions).',
  ];
}

/** What limits a role beside its own policies. */
function boundary({ words }: Denial): Reason | null {
  const [, kind] =
    /because no ((?:session|service control|resource control|VPC endpoint|permissions boundary)[\w ]*)/i.exec(
      words,
    ) ?? [];
  if (!kind || /identity-based/i.test(kind)) return null;
  const name = kind.replace(/ allows.*/i, '');
  return [
    'storage_denied_by_policy',
    `A rule of the AWS account does not allow it: no ${name} does`,
    `Ask the administrator of the AWS account to allow s3:PutObject, s3:GetObject and s3:DeleteObject under media/* in the ${name}.`,
  ];
}

/** No policy allows it: the wrong role, or a role that lacks the permission. */
function noPermission({ words, user }: Denial): Reason {
  const code = 'storage_access_denied';
  const group = user?.storageGroup ?? 'ADMINS';
  const check = `check that the storage of the Amplify project allows ${group} to read, write and delete media/*`;
  if (!user) {
    return [
      code,
      'S3 does not let this user in under media/',
      `Add the user to the group ${group} of the Cognito user pool, and ${check}.`,
    ];
  }
  if (!user.groups.includes(group)) {
    const groups = user.groups.length > 0 ? `only in ${user.groups.join(', ')}` : 'in no group';
    return [
      code,
      `S3 does not let ${user.username} in under media/: the user is not in the group ${group} (${groups})`,
      `Add the user to the group ${group} (Cognito console, User pools, Groups), then run "migrator login aws". If the user should be able to write without it, ${check}, or name the group that may write: "migrator config --storage-group GROUP".`,
    ];
  }
  const other = otherRole(words, user);
  if (other) {
    return [
      'storage_other_role',
      `${user.username} is in the group ${group}, but the identity pool gave the keys of ${other}, and that role may not do this`,
      `Give ${group} a lower precedence number than every other group of the user, or take the user out of the others (Cognito console, User pools, Groups), then run "migrator login aws".`,
    ];
  }
  return [
    code,
    `The role of the group ${group} (${roleName(words, user)}) may not do this`,
    `In the storage of the Amplify project, ${check} (allow.groups(['${group}']).to(['read', 'write', 'delete'])), and deploy it.`,
  ];
}

/** The role of the keys in words, if it is not that of the storage group; null if it is, or cannot be told. */
function otherRole(words: string, user: SignedInUser): string | null {
  const used = assumedRole(words) ?? nameIn(user.role);
  const { storageGroup, storageRole, groups } = user;
  if (!used) return user.storageRole ? 'the role for all signed-in users' : null;
  if (storageRole ? used === nameIn(storageRole) : belongsTo(used, storageGroup)) return null;
  const owner = groups.find(group => group !== storageGroup && belongsTo(used, group));
  if (owner) return `the group ${owner} (${used})`;
  return storageRole ? `another role (${used})` : null;
}

function roleName(words: string, user: SignedInUser | null): string {
  const name = assumedRole(words) ?? nameIn(user?.role ?? null);
  return name ? `the role ${name}` : 'the role of the user';
}

function assumedRole(words: string): string | null {
  return /:assumed-role\/([^/\s"]+)/.exec(words)?.[1] ?? null;
}

function nameIn(arn: string | null): string | null {
  return arn?.slice(arn.lastIndexOf('/') + 1) ?? null;
}

/**
 * Whether the name of a role is that of a group's role, as Amplify makes it: `…amplifyAuthADMINSGroupRole…`, cut off after 24
 * characters by CloudFormation.
 */
export function belongsTo(role: string, group: string): boolean {
  const name = group.replace(/[^\w]/g, '\\$&');
  return new RegExp(`(?:^|[^a-z0-9]|amplifyAuth)${name}(?:$|[^a-z0-9]|gr|role)`, 'i').test(role);
}
