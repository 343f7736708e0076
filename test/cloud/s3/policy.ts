/**
 * What the roles of an Amplify Gen 2 project may do with its bucket, for
 * `'media/*': [allow.groups(['ADMINS']).to(['read', 'write', 'delete']), allow.authenticated.to(['get'])]`
 * (docs/services.md, "Amplify Gen 2: storage permissions").
 */
import type { Headers } from './body.ts';
import type { Role } from './credentials.ts';

interface Statement {
  readonly actions: readonly string[];
  /** The part of the resource ARN behind the bucket; `*` at the end stands for anything. */
  readonly keys?: readonly string[];
  /** Condition `StringLike` on `s3:prefix`. A request without a prefix does not meet it. */
  readonly prefixes?: readonly string[];
}

const STATEMENTS: Record<Exclude<Role, 'root'>, readonly Statement[]> = {
  admins: [
    { actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], keys: ['media/*'] },
    { actions: ['s3:ListBucket'], prefixes: ['media/*', 'media/'] },
  ],
  'other group': [{ actions: ['s3:GetObject'], keys: ['media/*'] }],
  authenticated: [{ actions: ['s3:GetObject'], keys: ['media/*'] }],
  guest: [],
};

/** The IAM action each operation needs, where it is not `s3:` and the operation's name ("Actions, resources, and condition keys for Amazon S3"). */
const ACTIONS: Record<string, string> = {
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  HeadObject: 's3:GetObject',
  HeadBucket: 's3:ListBucket',
  ListObjects: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListBuckets: 's3:ListAllMyBuckets',
};

/** The IAM action that an operation needs, such as `s3:PutObject`. */
export const actionOf = (operation: string): string => ACTIONS[operation] ?? `s3:${operation}`;

/** Further IAM actions that the headers of an upload ask for. */
export function extraActions(headers: Headers): string[] {
  return [
    ...(headers.has('x-amz-tagging') ? ['s3:PutObjectTagging'] : []),
    ...(headers.get('x-amz-acl') ? ['s3:PutObjectAcl'] : []),
  ];
}

const matches = (pattern: string, text: string): boolean =>
  pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;

/** Whether a role may do this with this key (null: the bucket itself), listing this prefix (null: none asked for). */
export function allows(
  role: Role,
  action: string,
  key: string | null,
  prefix: string | null = null,
): boolean {
  if (role === 'root') return true;
  return STATEMENTS[role].some(
    statement =>
      statement.actions.includes(action) &&
      (statement.keys
        ? key !== null && statement.keys.some(pattern => matches(pattern, key))
        : key === null) &&
      (!statement.prefixes ||
        (prefix !== null && statement.prefixes.some(pattern => matches(pattern, prefix)))),
  );
}
