import { domainOf } from '../aws/regions.ts';

/**
 * The canonical URL of an object by its key, as Amplify apps store it. AppSync's AWSURL takes no spaces and no
 * letters beyond ASCII, so every segment of the key is percent-encoded down to RFC 3986's unreserved characters.
 *
 * A bucket with a dot in its name is named in the path, as the SDK does: S3's certificate covers no further dots.
 */
export async function objectUrls(bucket: string, region: string): Promise<(key: string) => string> {
  const host = `s3.${region}.${await domainOf(region)}`;
  const root = bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
  return key => `${root}/${key.split('/').map(encoded).join('/')}`;
}

function encoded(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
