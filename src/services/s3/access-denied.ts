/** Why S3 answered AccessDenied, by its message and by the role whose keys were used, and what to do about it. */
import { RunError } from '../../../stages/errors.ts';
import { belongsTo, roleNameOf, type SignedInUser } from '../aws/roles.ts';

/** The client adds `user` and `encryption` to S3's errors. */
interface Denial {
  words: string;
  user: SignedInUser | null;
  /** Value of `aws.amplify.server_side_encryption`; '' for none. */
  encryption: string;
}

/** The end of a run that S3 does not let in. `error` is S3's. */
export function accessDenied(error: unknown, bucket: string): RunError {
  const { message, user = null, encryption = '' } = error as Error & Partial<Denial>;
  // The response to a HEAD has no message.
  const words = !message || /^unknown/i.test(message) ? 'Access Denied' : message;
  const denial = { words, user, encryption };
  const [code, what, remedy] =
    encryptionKey(denial) ?? explicitDeny(denial) ?? boundary(denial) ?? noPermission(denial);
  return new RunError(code, `${what} (bucket ${bucket}: ${words}).`, remedy, { cause: error });
}

type Reason = readonly [code: string, what: string, remedy: string];

const ALLOW_MEDIA = 'to allow s3:PutObject, s3:GetObject and s3:DeleteObject under media/*';

function encryptionKey({ words, user }: Denial): Reason | null {
  const [, action] = /\b(kms:\w+)/.exec(words) ?? [];
  if (!action) return null;
  const [, key = 'the KMS key of the bucket'] = /(arn:[\w-]*:kms:[^\s"]+)/.exec(words) ?? [];
  return [
    'storage_key_denied',
    `The bucket is encrypted with a KMS key that ${namedRole(words, user)} may not use: ${action} is missing`,
    `Allow the role kms:GenerateDataKey and kms:Decrypt on ${key}, in the key policy or in the policy of the role (AWS console, KMS).`,
  ];
}

/** "… with an explicit deny in a resource-based policy" */
function explicitDeny({ words, encryption }: Denial): Reason | null {
  const [, kind] = /explicit deny in (?:an? )?([\w -]*?policy|permissions boundary)/i.exec(words) ?? [];
  if (!kind && !/explicit(?:ly)? den/i.test(words)) return null;
  const code = 'storage_denied_by_policy';
  if (kind && !/resource-based/i.test(kind)) {
    const what = `A rule of the AWS account forbids it: explicit deny in the ${kind}`;
    return [code, what, `Ask the administrator of the AWS account ${ALLOW_MEDIA} for this role.`];
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
  const limits = 'session|service control|resource control|VPC endpoint|permissions boundary';
  const [, kind] = new RegExp(`because no ((?:${limits})[\\w ]*)`, 'i').exec(words) ?? [];
  if (!kind || /identity-based/i.test(kind)) return null;
  const name = kind.replace(/ allows.*/i, '');
  const what = `A rule of the AWS account does not allow it: no ${name} does`;
  const remedy = `Ask the administrator of the AWS account ${ALLOW_MEDIA} in the ${name}.`;
  return ['storage_denied_by_policy', what, remedy];
}

/** No policy allows it: the wrong role, or a role that lacks the permission. */
function noPermission({ words, user }: Denial): Reason {
  const code = 'storage_access_denied';
  const group = user?.storageGroup ?? 'ADMINS';
  const check = `check that the storage of the Amplify project allows ${group} to read, write and delete media/*`;
  if (!user) {
    const remedy = `Add the user to the group ${group} of the Cognito user pool, and ${check}.`;
    return [code, 'S3 does not allow this user to write under media/', remedy];
  }
  if (!user.groups.includes(group)) {
    const groups = user.groups.length > 0 ? `only in ${user.groups.join(', ')}` : 'in no group';
    return [
      code,
      `S3 does not allow ${user.username} to write under media/: the user is not in the group ${group} (${groups})`,
      `Add the user to the group ${group} (Cognito console, User pools, Groups), then run "migrator login aws". If the user should be able to write without it, ${check}, or name the group that may write: "migrator config --storage-group GROUP".`,
    ];
  }
  const other = otherRole(words, user);
  if (other) {
    return [
      'storage_other_role',
      `${user.username} is in the group ${group}, but the keys of the identity pool are those of ${other}, and that role may not do this`,
      `Give ${group} a lower precedence number than every other group of the user, or take the user out of the others (Cognito console, User pools, Groups), then run "migrator login aws".`,
    ];
  }
  return [
    code,
    `The role of the group ${group} (${namedRole(words, user)}) may not do this`,
    `In the storage of the Amplify project, ${check} (allow.groups(['${group}']).to(['read', 'write', 'delete'])), and deploy it.`,
  ];
}

/** The role of the keys, if it is not that of the storage group; null if it is, or is not known. */
function otherRole(words: string, user: SignedInUser): string | null {
  const used = usedRole(words, user);
  const { storageGroup, storageRole, groups } = user;
  if (!used) return storageRole ? 'the role for all signed-in users' : null;
  if (storageRole ? used === roleNameOf(storageRole) : belongsTo(used, storageGroup)) return null;
  const owner = groups.find(group => group !== storageGroup && belongsTo(used, group));
  if (owner) return `the group ${owner} (${used})`;
  return storageRole ? `another role (${used})` : null;
}

function namedRole(words: string, user: SignedInUser | null): string {
  const name = usedRole(words, user);
  return name ? `the role ${name}` : 'the role of the user';
}

/** The role that S3 names, or else the one that the keys were requested for. */
function usedRole(words: string, user: SignedInUser | null): string | null {
  return /:assumed-role\/([^/\s"]+)/.exec(words)?.[1] ?? (user?.role ? roleNameOf(user.role) : null);
}
