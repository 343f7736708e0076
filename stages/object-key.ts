/** S3 keys. Observation ids and keys are untrusted input: from the data service, or from a manifest that a person has edited. */
import { unsafeIn } from './file-name.ts';
import { canContinue, type FileRecord, needsReview, type StageName } from './record.ts';

/** S3, "Creating object key names": at most 1,024 bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** Amplify's own ids are UUIDs of 36 characters. */
const MAX_ID_BYTES = 255;

/** Why an observation id cannot be part of a key; null if it can. */
function unsafeInId(id: string): string | null {
  if (id === '') return 'nothing';
  if (id.includes('\\')) return 'a backslash';
  if (id.includes('..') || id === '.') return 'dots that lead to another folder';
  if (Buffer.byteLength(id) > MAX_ID_BYTES) return `more than ${MAX_ID_BYTES} bytes`;
  return unsafeIn(id);
}

/** True for a key below `media/`, also after `..` in it is resolved. */
export function isSafeKey(key: string): boolean {
  const [first, ...rest] = key.split('/');
  const parts = rest.every(part => part !== '' && part !== '.' && part !== '..' && unsafeIn(part) === null);
  return first === 'media' && rest.length > 0 && parts && Buffer.byteLength(key) <= MAX_KEY_BYTES;
}

/** The record; `needs_review` if its observation ids or its key cannot be used. */
export function withSafeKey(record: FileRecord, stage: StageName): FileRecord {
  if (!canContinue(record)) return record;
  const ids = (record.observations ?? []).map(({ id }) => id);
  const unsafe = ids.find(id => unsafeInId(id) !== null);
  if (unsafe !== undefined) {
    return needsReview(
      record,
      stage,
      'unsafe_observation_id',
      `the observation id ${JSON.stringify(unsafe.slice(0, 80))} contains ${unsafeInId(unsafe)}, which must not be in a key. Correct it in the app, or in "observations" of the file's line.`,
    );
  }
  if (record.key === undefined || isSafeKey(record.key)) return record;
  return needsReview(
    record,
    stage,
    'unsafe_key',
    `the key ${JSON.stringify(record.key.slice(0, 80))} is not one of a file below media/. Remove "key" from the file's line, or correct it.`,
  );
}
