/** Addresses in Drive and S3. The first two are copied into the report's page, so they may not use anything outside themselves. */

/** A file or a folder in Drive. */
export function driveLink(id: string): string {
  // Half of a surrogate pair cannot be encoded; Drive's ids have none.
  return `https://drive.google.com/open?id=${encodeURIComponent(id.replace(/\p{Cs}/gu, ''))}`;
}

/** The object in the AWS console, which asks for a sign-in: the object's own address answers 403. Null if it is not on AWS. */
export function consoleLink(objectUrl: string): string | null {
  const parts = /^https:\/\/([a-z0-9.-]+)\.s3\.([a-z0-9-]+)\.amazonaws\.com\/([^?#]+)$/.exec(objectUrl);
  if (!parts) return null;
  const [, bucket, region, key] = parts;
  const prefix = key!.replaceAll('/', '%2F').replaceAll('+', '%2B').replaceAll('&', '%26');
  return `https://${region}.console.aws.amazon.com/s3/object/${bucket}?region=${region}&prefix=${prefix}`;
}

/** The address if it is https and can be linked to; empty for anything else. */
export function httpsOnly(address = ''): string {
  return URL.canParse(address) && new URL(address).protocol === 'https:' ? address : '';
}
