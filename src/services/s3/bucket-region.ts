/** What S3 says when a request came to another region than the bucket's. */
import { RunError } from '../../../stages/errors.ts';

/** S3's names for it (Amazon S3 API reference, "Error responses"). */
const OTHER_REGION = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'Redirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

interface Refusal {
  name?: unknown;
  message?: unknown;
  /** An element of the response's XML. */
  Region?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
}

/**
 * The error that ends the run if this is a refusal because of the region; null if it is not. Responses to HEAD have no
 * body, so only the header `x-amz-bucket-region` says it. `region` is the one that was asked, null if unknown.
 */
export function wrongRegion(error: unknown, bucket: string, region: string | null): RunError | null {
  const { name, message, Region, $metadata, $response } = (error ?? {}) as Refusal;
  const header = $response?.headers?.['x-amz-bucket-region'];
  const isElsewhere = header !== undefined && header !== region && ($metadata?.httpStatusCode ?? 0) >= 300;
  if (!isElsewhere && !OTHER_REGION.has(String(name))) return null;
  const words = String(message);
  const named =
    header ??
    Region ??
    /expecting '([\w-]+)'|The ([\w-]+) location constraint/.exec(words)?.slice(1).find(Boolean);
  const found = named && named !== region ? String(named) : null;
  return new RunError(
    'wrong_region',
    found
      ? `The bucket ${bucket} is in region ${found}${region ? `, not in ${region}` : ''}.`
      : `The bucket ${bucket} is not in region ${region ?? 'that was asked'} (S3: ${words}).`,
    `Set aws.amplify.storage_region: "migrator config --storage-region ${found ?? 'REGION'}".`,
    { cause: error },
  );
}
