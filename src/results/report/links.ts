/** Addresses in Drive. The report's page carries `driveLink` as it stands: it may use nothing outside itself. */

/** A file or a folder in Drive. */
export function driveLink(id: string): string {
  // Half of a surrogate pair cannot be encoded; no id of Drive holds one.
  return `https://drive.google.com/open?id=${encodeURIComponent(id.replace(/\p{Cs}/gu, ''))}`;
}

export function driveFolderLink(id: string): string {
  return `https://drive.google.com/drive/folders/${encodeURIComponent(id)}`;
}
