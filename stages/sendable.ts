/** Checks the values of a record that go into requests to S3: manifests are edited by hand. */
import { type FileRecord, needsReview } from './record.ts';

/** Type, subtype and parameters, in the characters that an HTTP header may have (RFC 9110, 5.5 and 8.3). */
const CONTENT_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;[ -~]*)?$/;

/** The largest object in S3: 5 TiB. */
const MAX_OBJECT_BYTES = 5 * 2 ** 40;

/** The record; `needs_review` if S3 cannot store its file with these values. */
export function withSendableValues(record: FileRecord): FileRecord {
  const { contentType, size } = record;
  if (contentType !== undefined && !CONTENT_TYPE.test(contentType)) {
    return forReview(
      record,
      'bad_content_type',
      'its "contentType" is not one',
      'Correct it, for example "image/jpeg",',
    );
  }
  if ((size ?? 0) > MAX_OBJECT_BYTES) {
    return forReview(
      record,
      'too_large',
      'its "size" is above the 5 TiB that S3 takes',
      'Correct it, or leave the file out',
    );
  }
  return record;
}

function forReview(record: FileRecord, code: string, why: string, remedy: string): FileRecord {
  const problem = `${why}. ${remedy} in the manifest that "migrator transfer" reads.`;
  return needsReview(record, 'transfer', code, problem);
}
