/** parse: reads from the file's name which observations it shows. Sends no requests. */
import { fileTypeOf, MAX_SEQUENTIAL_ID, type NameRules, prefixOf, readName } from './file-name.ts';
import { canContinue, type FileRecord, needsReview, reopened, type StageName } from './record.ts';

/**
 * Adds `pattern`, `sequentialIds`, `type`, `contentType` and, with prefix rules on, `prefix`. A name that fits no
 * pattern makes the record `needs_review`. A record with `sequentialIds` (a person may have set them) is not read again.
 */
export function parse(given: FileRecord, rules: NameRules): FileRecord {
  const record = reopened(given);
  if (!canContinue(record)) return record;
  if (record.mimeType?.startsWith('application/vnd.google-apps.')) {
    return needsReview(
      record,
      'parse',
      'google_document',
      'it is a Google document, which has no bytes to download. Export it to a file, or leave it out.',
    );
  }
  if (record.sequentialIds?.length) return withWhatIdsNeed(record, rules);
  const reading = readName(record.name, rules);
  if ('problem' in reading)
    return needsReview(record, 'parse', reading.problem.code, reading.problem.message);
  return { ...record, ...reading };
}

/** The record for a sequential id, written by a person, that does not fit GraphQL's Int. */
export function idTooLarge(record: FileRecord, stage: StageName, id: number): FileRecord {
  const problem = `${id} is larger than any sequential id can be (${MAX_SEQUENTIAL_ID}). Correct "sequentialIds" of its line in the manifest.`;
  return needsReview(record, stage, 'id_too_large', problem);
}

/**
 * For a record whose sequential ids were filled in by a person: the name may be unreadable, but the type of the file, and with
 * prefix rules its data set, must be known. Fields that the record has are kept.
 */
function withWhatIdsNeed(given: FileRecord, rules: NameRules): FileRecord {
  const tooLarge = given.sequentialIds?.find(id => id > MAX_SEQUENTIAL_ID);
  if (tooLarge !== undefined) return idTooLarge(given, 'parse', tooLarge);
  const lacksPrefix = rules.prefixes && given.prefix === undefined;
  const record = lacksPrefix ? { ...given, prefix: prefixOf(given.name.replace(/\p{Cf}/gu, '')) } : given;
  if (record.type && record.contentType) return record;
  const fileType = fileTypeOf(record.name, record.mimeType);
  if (fileType) {
    return {
      ...record,
      type: record.type ?? fileType.type,
      contentType: record.contentType ?? fileType.contentType,
    };
  }
  return needsReview(
    record,
    'parse',
    'unsupported_extension',
    'neither its name nor Drive says that it is a photo or a video. Put "type" (IMAGE or VIDEO) and "contentType" into its line in the manifest.',
  );
}
