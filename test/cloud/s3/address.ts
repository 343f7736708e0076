/** Which bucket and key a request is about, and its query; in path style. */
import { S3Error } from './errors.ts';

export interface Address {
  /** Null when the request is about the account (`GET /`). */
  readonly bucket: string | null;
  /** Null when the request is about the bucket. */
  readonly key: string | null;
  /** The path as S3 sees it: decoded, bucket included when it stands there. It is what gets signed. */
  readonly path: string;
  /** Decoded, in the order they came. */
  readonly pairs: readonly (readonly [string, string])[];
  /** The first value of each name; `''` for a bare name such as `?uploads`. */
  readonly query: ReadonlyMap<string, string>;
}

/** RFC 3986 encoding as SigV4 asks for it: everything but letters, digits and `-_.~`. */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * @param url the request target as it came, path and query
 * @throws S3Error `InvalidURI` when percent-encoding or UTF-8 is broken
 */
export function addressOf(url: string): Address {
  const mark = url.indexOf('?');
  const path = decode(mark < 0 ? url : url.slice(0, mark));
  const pairs: [string, string][] = [];
  for (const piece of mark < 0 ? [] : url.slice(mark + 1).split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    pairs.push(
      equals < 0 ? [decode(piece), ''] : [decode(piece.slice(0, equals)), decode(piece.slice(equals + 1))],
    );
  }
  const query = new Map<string, string>();
  for (const [name, value] of pairs) if (!query.has(name)) query.set(name, value);

  const rest = path.slice(1);
  const slash = rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  const key = slash < 0 ? '' : rest.slice(slash + 1);
  return { bucket: bucket === '' ? null : bucket, key: key === '' ? null : key, path, pairs, query };
}

function decode(text: string): string {
  try {
    // S3 reads a bare plus as a space, in paths too; bytes beyond ASCII come as Latin-1 from Node's parser.
    return decodeURIComponent(
      text.replace(/\+/g, '%20').replace(/[\u0080-\u00ff]/g, c => `%${c.charCodeAt(0).toString(16)}`),
    );
  } catch {
    throw new S3Error('InvalidURI');
  }
}
