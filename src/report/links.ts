/** Addresses in Drive. The report's page carries `driveLink` as it stands: it may use nothing outside itself. */

/** The file in Drive's own viewer. */
export function driveLink(id: string): string {
  // Half of a surrogate pair cannot be encoded; no id of Drive holds one.
  return `https://drive.google.com/file/d/${encodeURIComponent(id.replace(/\p{Cs}/gu, ''))}/view`;
}

export function driveFolderLink(id: string): string {
  return `https://drive.google.com/drive/folders/${encodeURIComponent(id)}`;
}
