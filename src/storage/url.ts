/**
 * The canonical URL of an object, as Amplify apps store it. AppSync's AWSURL takes no spaces and no letters beyond
 * ASCII, so every segment of the key is percent-encoded down to RFC 3986's unreserved characters.
 */
export function objectUrl(bucket: string, region: string, key: string): string {
  return `https://${bucket}.s3.${region}.amazonaws.com/${key.split('/').map(encoded).join('/')}`;
}

function encoded(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
