/** ListObjectsV2 and its predecessor: one page of keys. */
import { S3Error } from './errors.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import type { SortedKeys } from './sorted-keys.ts';
import { document, type XmlObject } from './xml.ts';

const MAX_KEYS = 1000;

interface Page {
  readonly keys: string[];
  readonly prefixes: string[];
  /** Where the next page goes on (a key or a common prefix), null at the end. */
  readonly next: string | null;
}

interface PageRequest {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only what comes after this; a common prefix stands for all keys below it. */
  readonly after: string;
  readonly maxKeys: number;
}

export function pageOf(keys: SortedKeys, { prefix, delimiter, after, maxKeys }: PageRequest): Page {
  const page = { keys: [] as string[], prefixes: [] as string[], next: null as string | null };
  let last = '';
  let index = Math.max(keys.from(prefix), after === '' ? 0 : keys.after(after));
  for (let key = keys.at(index); key?.startsWith(prefix); key = keys.at(index)) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? null : key.slice(0, cut + delimiter.length);
    const skip = common !== null && common === after;
    if (!skip) {
      if (page.keys.length + page.prefixes.length === maxKeys) {
        return { ...page, next: maxKeys === 0 ? null : last };
      }
      (common === null ? page.keys : page.prefixes).push(common ?? key);
      last = common ?? key;
    }
    index = common === null ? index + 1 : keys.afterPrefix(common);
  }
  return page;
}

/** The answer to `GET /?list-type=2` or, with `version` 1, to the older `GET /`. @throws S3Error `InvalidArgument` */
export function listObjects(
  bucket: string,
  store: ObjectStore,
  query: ReadonlyMap<string, string>,
  version: 1 | 2,
): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = version === 2 ? query.get('continuation-token') : undefined;
  const startAfter = query.get(version === 2 ? 'start-after' : 'marker') ?? '';
  const asked = query.get('max-keys') ?? String(MAX_KEYS);
  if (!/^\d{1,10}$/.test(asked)) {
    throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range', {
      ArgumentName: 'max-keys',
      ArgumentValue: asked,
    });
  }
  const maxKeys = Math.min(Number(asked), MAX_KEYS);
  const encoding = query.get('encoding-type');
  if (encoding !== undefined && encoding !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  const encode = encoding === 'url' ? urlEncode : (text: string) => text;
  const after = token === undefined ? startAfter : keyOfToken(token);
  const page = pageOf(store.keys, { prefix, delimiter, after, maxKeys });

  const common = {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? null : encode(delimiter),
    MaxKeys: maxKeys,
    EncodingType: encoding,
    IsTruncated: page.next !== null,
  };
  const paging: XmlObject =
    version === 2
      ? {
          KeyCount: page.keys.length + page.prefixes.length,
          ContinuationToken: token,
          NextContinuationToken: page.next === null ? null : tokenOfKey(page.next),
          StartAfter: startAfter === '' ? null : encode(startAfter),
        }
      : {
          Marker: encode(startAfter),
          NextMarker: page.next === null || delimiter === '' ? null : encode(page.next),
        };
  return document('ListBucketResult', {
    ...common,
    ...paging,
    Contents: page.keys.map(key => entryOf(store.get(key)!, encode)),
    CommonPrefixes: page.prefixes.map(one => ({ Prefix: encode(one) })),
  });
}

const entryOf = (object: StoredObject, encode: (text: string) => string): XmlObject => ({
  Key: encode(object.key),
  LastModified: new Date(object.modifiedMs).toISOString(),
  ETag: `"${object.etag}"`,
  ChecksumAlgorithm: object.checksum?.algorithm,
  ChecksumType: object.checksum?.type,
  Size: object.content.sizeBytes,
  StorageClass: object.kept.get('x-amz-storage-class') ?? 'STANDARD',
});

/** As S3 encodes keys in listings: like a form, but slashes stay. */
export const urlEncode = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()~]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/');

const tokenOfKey = (key: string): string => Buffer.from(`1:${key}`).toString('base64');

function keyOfToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  if (!text.startsWith('1:') || tokenOfKey(text.slice(2)) !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
      ArgumentName: 'continuation-token',
    });
  }
  return text.slice(2);
}
