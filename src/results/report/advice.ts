/** What the reasons of files mean, and what to do about them, for readers of the report. */
import type { RecordError } from '../../../stages/record.ts';

export interface Advice {
  title: string;
  text: string;
}

const RENAME = 'Rename the file in Drive, then run “migrator resume”.';
const RESUME = 'Run “migrator resume”.';
const RESUME_LATER = 'Run “migrator resume” a little later.';

/** By the code of the record's error. */
const REASON_ADVICE: Readonly<Record<string, Advice>> = {
  name_unreadable: {
    title: 'The name does not say which observation it shows',
    text: 'Rename the file in Drive like 6602.jpg, 6602a.jpg or 6000-6001.jpg and run “migrator resume”; or check its relaxed reading in “migrator review”.',
  },
  unsupported_extension: {
    title: 'Not a supported type of file',
    text: 'Convert or rename it in Drive, or leave it out: it is ignored.',
  },
  no_extension: { title: 'The name has no extension', text: RENAME },
  unsafe_observation_id: {
    title: 'The observation’s id cannot be used in an S3 key',
    text: 'Correct the observation in the app, or “observations” of the file’s line; then run “migrator resume”.',
  },
  unsafe_key: {
    title: 'Its key is not below media/',
    text: 'Remove “key” from the file’s line in the manifest, or correct it; then run “migrator resume”.',
  },
  unsafe_name: { title: 'The name has characters that S3 keys cannot have', text: RENAME },
  name_too_long: { title: 'The name is too long for an S3 key', text: RENAME },
  id_too_large: { title: 'The number is larger than any sequential id can be', text: RENAME },
  range_backwards: { title: 'The range runs backwards', text: RENAME },
  range_too_wide: {
    title: 'The range is too wide',
    text: 'Rename the file in Drive, or raise “migration.max_range” if it really shows that many observations.',
  },
  google_document: {
    title: 'A Google document, not a file',
    text: 'Export it to a file in Drive, or leave it out.',
  },
  no_observation: {
    title: 'No observation has this id',
    text: 'Create the observation, or correct the name in Drive; then run “migrator resume --retry-orphans”, with “--rescan” if the name has changed.',
  },
  unknown_prefix: {
    title: 'The letter before the number is not configured',
    text: 'Add it to “prefix_disambiguation”, or rename the file; then run “migrator resume --retry-orphans”.',
  },
  several_observations: {
    title: 'Several observations have this id',
    text: 'Put the right one into “observations” of the file’s line in resolve.ndjson, or set up “prefix_disambiguation”; then run “migrator resume”.',
  },
  key_collision: {
    title: 'Another file has the same key',
    text: `Two different files with the same name belong to the same observation. Rename one of them in Drive, then run “migrator resume”.`,
  },
  key_taken: {
    title: 'Another object already has its key in S3',
    text: 'It was not overwritten. Rename the file in Drive, or remove the object if it should not be there.',
  },
  duplicate: { title: 'Identical copy of another file', text: 'Nothing to do.' },
  observations_missing: {
    title: 'Some of its observations do not exist',
    text: 'Create them, or rename the file in Drive. Each run looks for them again.',
  },
  linked_elsewhere: {
    title: 'Linked to an observation that its name no longer refers to',
    text: 'Remove the wrong media record in the app and from the file’s line, or name the file as before.',
  },
  media_differs: {
    title: 'Its media record exists with other values',
    text: 'It was not changed. Correct or remove it in the app, then run “migrator resume”.',
  },
  link_refused: {
    title: 'The data service refused the media record',
    text: 'The message says why. Correct it in the app, then run “migrator resume”.',
  },
  link_failed: { title: 'The media record could not be created', text: RESUME },
  removed_from_drive: {
    title: 'No longer in the Drive folder',
    text: 'Put the file back and run “migrator resume --rescan --retry-orphans”, or leave it.',
  },
  gone_from_drive: {
    title: 'No longer in Drive, or no longer shared',
    text: 'Share or restore the file, then run “migrator resume --retry-orphans”.',
  },
  shortcut_target_gone: {
    title: 'The shortcut’s target is missing',
    text: 'Its target is gone or not shared. Share it, or put the file itself into the folder; then run “migrator resume”.',
  },
  folder_unreadable: {
    title: 'Drive could not list the folder',
    text: 'Its files are missing from this run. Share the folder with the signed-in account, then run “migrator resume”.',
  },
  listing_incomplete: {
    title: 'Drive could not list the folder completely',
    text: 'Files may be missing from this run. Run “migrator resume” later.',
  },
  cannotDownloadAbusiveFile: {
    title: 'Google flags it as malware or spam',
    text: 'If you trust it, download it in the browser and upload it again under the same name.',
  },
  cannotDownloadFile: {
    title: 'The owner has disabled downloads',
    text: 'Ask the owner to allow it, then run “migrator resume”.',
  },
  insufficientFilePermissions: {
    title: 'The account can see the file, but not download it',
    text: 'Ask the owner for access, then run “migrator resume”.',
  },
  fileNotDownloadable: {
    title: 'It has no content to download',
    text: 'Export it to a file in Drive, or leave it out.',
  },
  downloadQuotaExceeded: {
    title: 'The file’s daily download quota is used up',
    text: 'Run “migrator resume” tomorrow.',
  },
  drive_refused: {
    title: 'Drive refused the download',
    text: 'The message says why; then run “migrator resume”.',
  },
  download_broken: { title: 'The download was interrupted', text: RESUME_LATER },
  range_ignored: { title: 'The download was interrupted', text: RESUME_LATER },
  too_many_bytes: {
    title: 'The download is longer than Drive lists',
    text: 'Run “migrator resume --rescan”.',
  },
  bytes_contradict: {
    title: 'The content differs from what Drive lists',
    text: 'Upload the file to Drive again, or run “migrator review --accept as-downloaded”, then “migrator resume”.',
  },
  too_few_bytes: {
    title: 'The download is shorter than Drive lists',
    text: 'Run “migrator resume --rescan”.',
  },
  md5_mismatch: {
    title: 'The download’s MD5 differs from what Drive lists',
    text: 'Nothing was stored. Run “migrator resume --rescan”: the file may have been replaced in Drive.',
  },
  too_slow: { title: 'The download was too slow', text: RESUME_LATER },
  storage_busy: { title: 'S3 was busy', text: RESUME_LATER },
  storage_unreachable: { title: 'S3 could not be reached', text: RESUME_LATER },
  storage_keys_renewed: { title: 'The sign-in to S3 expired during the upload', text: RESUME },
  storage_refused: {
    title: 'S3 refused the upload',
    text: 'The message says why; then run “migrator resume”.',
  },
  replaced_object_gone: { title: 'The object to replace no longer exists', text: RESUME },
  not_parsed: { title: 'Not parsed yet', text: RESUME },
  not_resolved: { title: 'Not resolved yet', text: RESUME },
  not_transferred: { title: 'Not transferred yet', text: RESUME },
  unexpected: {
    title: 'Unexpected error',
    text: 'Run “migrator resume”; if it happens again, with “--verbose”, and look at the log.',
  },
};

/** The codes of all errors that a record can have. */
export const REASONS: readonly string[] = Object.keys(REASON_ADVICE);

/** Advice on a reason; for an unknown one its code, and whether a retry makes sense. */
export function adviceOn({ code, retryable }: Pick<RecordError, 'code' | 'retryable'>): Advice {
  if (Object.hasOwn(REASON_ADVICE, code)) return REASON_ADVICE[code]!;
  return {
    title: code,
    text: retryable ? RESUME : 'The message says what to do; then run “migrator resume”.',
  };
}
