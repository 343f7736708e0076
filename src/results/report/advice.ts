/** What the reasons of files mean, and what to do about them, for readers of the report. */
import type { RecordError } from '../../../stages/record.ts';

export interface Advice {
  title: string;
  text: string;
}

/** Code of the record's error, what it means, and what to do. */
const ADVICE = `
name_unreadable | The name does not say which observation it shows | Rename the file in Drive like 6602.jpg, 6602a.jpg or 6000-6001.jpg and run “migrator resume”; or check its relaxed reading in “migrator review”.
unsupported_extension | Not a supported type of file | Convert or rename it in Drive, or leave it out: it is ignored.
no_extension | The name has no extension | Rename the file in Drive, then run “migrator resume”.
unsafe_observation_id | The observation’s id cannot be used in an S3 key | Correct the observation in the app, or “observations” of the file’s line; then run “migrator resume”.
unsafe_key | Its key is not below media/ | Remove “key” from the file’s line in the manifest, or correct it; then run “migrator resume”.
bad_content_type | S3 cannot store the content type on its line | Correct “contentType” of the file’s line in resolve.ndjson, then run “migrator resume”.
too_large | Larger than the 5 TiB that S3 can store | Leave it out; or, if “size” of its line in resolve.ndjson is wrong, correct it and run “migrator resume”.
unsafe_name | The name has characters that S3 keys cannot have | Rename the file in Drive, then run “migrator resume”.
name_too_long | The name is too long for an S3 key | Rename the file in Drive, then run “migrator resume”.
id_too_large | The number is larger than any sequential id can be | Rename the file in Drive, then run “migrator resume”.
range_backwards | The range runs backwards | Rename the file in Drive, then run “migrator resume”.
range_too_wide | The range is too wide | Rename the file in Drive, or raise “migration.max_range” if it really shows that many observations.
google_document | A Google document, not a file | Export it to a file in Drive, or leave it out.
no_observation | No observation has this id | Create the observation, or correct the name in Drive; then run “migrator resume --retry-orphans”, with “--rescan” if the name has changed.
unknown_prefix | The letter before the number is not configured | Add it to “prefix_disambiguation”, or rename the file; then run “migrator resume --retry-orphans”.
several_observations | Several observations have this id | Put the right one into “observations” of the file’s line in resolve.ndjson, or set up “prefix_disambiguation”; then run “migrator resume”.
key_collision | Another file has the same key | Two different files with the same name belong to the same observation. Rename one of them in Drive, then run “migrator resume”.
key_taken | Another object already has its key in S3 | It was not overwritten. Rename the file in Drive, or remove the object if it should not be there.
duplicate | Identical copy of another file | Nothing to do.
observations_missing | Some of its observations do not exist | Create them, or rename the file in Drive. Each run looks for them again.
linked_elsewhere | Linked to an observation that its name no longer refers to | Remove the wrong media record in the app and from the file’s line, or name the file as before.
media_differs | Its media record exists with other values | It was not changed. Correct or remove it in the app, then run “migrator resume”.
link_refused | The data service refused the media record | The message says why. Correct it in the app, then run “migrator resume”.
link_failed | The media record could not be created | Run “migrator resume”.
removed_from_drive | No longer in the Drive folder | Put the file back and run “migrator resume --rescan --retry-orphans”, or leave it.
gone_from_drive | No longer in Drive, or no longer shared | Share or restore the file, then run “migrator resume --retry-orphans”.
shortcut_target_gone | The shortcut’s target is missing | Its target is gone or not shared. Share it, or put the file itself into the folder; then run “migrator resume”.
folder_unreadable | Drive could not list the folder | Its files are missing from this run. Share the folder with the signed-in account, then run “migrator resume”.
listing_incomplete | Drive could not list the folder completely | Files may be missing from this run. Run “migrator resume” later.
cannotDownloadAbusiveFile | Google flags it as malware or spam | If you trust it, download it in the browser and upload it again under the same name.
cannotDownloadFile | The owner has disabled downloads | Ask the owner to allow it, then run “migrator resume”.
insufficientFilePermissions | The account can see the file, but not download it | Ask the owner for access, then run “migrator resume”.
fileNotDownloadable | It has no content to download | Export it to a file in Drive, or leave it out.
downloadQuotaExceeded | The file’s daily download quota is used up | Run “migrator resume” tomorrow.
drive_refused | Drive refused the download | The message says why; then run “migrator resume”.
download_broken | The download was interrupted | Run “migrator resume” a little later.
range_ignored | The download was interrupted | Run “migrator resume” a little later.
too_many_bytes | The download is longer than Drive lists | Run “migrator resume --rescan”.
bytes_contradict | The content differs from what Drive lists | Upload the file to Drive again, or run “migrator review --accept as-downloaded”, then “migrator resume”.
too_few_bytes | The download is shorter than Drive lists | Run “migrator resume --rescan”.
md5_mismatch | The download’s MD5 differs from what Drive lists | Nothing was stored. Run “migrator resume --rescan”: the file may have been replaced in Drive.
storage_busy | S3 was busy | Run “migrator resume” a little later.
storage_unreachable | S3 could not be reached | Run “migrator resume” a little later.
storage_keys_renewed | The sign-in to S3 expired during the upload | Run “migrator resume”.
storage_refused | S3 refused the upload | The message says why; then run “migrator resume”.
object_locked | S3 Object Lock protects the object to replace | Nothing was changed. Wait until its retention ends, or have the lock removed; then run “migrator resume”.
replaced_object_gone | The object to replace no longer exists | Run “migrator resume”.
not_parsed | Not parsed yet | Run “migrator resume”.
not_resolved | Not resolved yet | Run “migrator resume”.
not_transferred | Not transferred yet | Run “migrator resume”.
unexpected | Unexpected error | Run “migrator resume”; if it happens again, with “--verbose”, and look at the log.
`;

const BY_CODE: ReadonlyMap<string, Advice> = new Map(
  ADVICE.trim()
    .split('\n')
    .map(line => line.split(' | '))
    .map(([code, title, text]) => [code!, { title: title!, text: text! }]),
);

/** The codes of all errors that a record can have. */
export const REASONS: readonly string[] = [...BY_CODE.keys()];

/** Advice on a reason; for an unknown one its code, and whether a retry makes sense. */
export function adviceOn({ code, retryable }: Pick<RecordError, 'code' | 'retryable'>): Advice {
  const text = retryable
    ? 'Run “migrator resume”.'
    : 'The message says what to do; then run “migrator resume”.';
  return BY_CODE.get(code) ?? { title: code, text };
}
