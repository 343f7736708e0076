/** ListObjectsV2 and its predecessor, which rclone uses: one page of keys. */
import { S3Error } from './errors.ts';
import { xmlOf } from './exchange.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

const MAX_KEYS = 1000;

/** A key, or a common prefix of several. */
interface Entry {
  readonly name: string;
  readonly object: StoredObject | null;
}

/** All that match, in their order; keys that share a prefix up to the delimiter are one entry. */
function entriesOf(store: ObjectStore, prefix: string, delimiter: string): Entry[] {
  const entries: Entry[] = [];
  for (const object of store.all()) {
    if (!object.key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    const name = cut < 0 ? object.key : object.key.slice(0, cut + delimiter.length);
    if (cut < 0) entries.push({ name, object });
    else if (entries.at(-1)?.name !== name) entries.push({ name, object: null });
  }
  return entries;
}

const isAfter = (name: string, other: string) => Buffer.compare(Buffer.from(name), Buffer.from(other)) > 0;

/** The answer to `GET /?list-type=2` or, with `version` 1, to the older `GET /`. @throws S3Error `InvalidArgument` */
export function listObjects(
  bucket: string,
  store: ObjectStore,
  query: URLSearchParams,
  version: 1 | 2,
): string {
  const of = (name: string) => query.get(name) ?? '';
  const [prefix, delimiter] = [of('prefix'), of('delimiter')];
  const maxKeys = Math.min(Number(query.get('max-keys') ?? MAX_KEYS), MAX_KEYS);
  if (!(maxKeys >= 0))
    throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range');
  const encode = of('encoding-type') === 'url' ? urlEncode : (text: string) => text;
  const token = version === 2 ? query.get('continuation-token') : null;
  const startAfter = of(version === 2 ? 'start-after' : 'marker');
  const after = token === null ? startAfter : keyOfToken(token);
  const rest = entriesOf(store, prefix, delimiter).filter(({ name }) => after === '' || isAfter(name, after));
  const page = rest.slice(0, maxKeys);
  const next = rest.length > page.length ? (page.at(-1)?.name ?? null) : null;
  const paging =
    version === 2
      ? { KeyCount: page.length, ContinuationToken: token, NextContinuationToken: next && tokenOfKey(next) }
      : { NextMarker: delimiter && next && encode(next) };
  return xmlOf('ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? null : encode(delimiter),
    MaxKeys: maxKeys,
    EncodingType: query.get('encoding-type'),
    IsTruncated: next !== null,
    ...paging,
    Contents: page.flatMap(({ object }) =>
      object
        ? {
            Key: encode(object.key),
            LastModified: new Date(object.modifiedMs).toISOString(),
            ETag: `"${object.etag}"`,
            Size: object.content.sizeBytes,
            StorageClass: object.kept.get('x-amz-storage-class') ?? 'STANDARD',
          }
        : [],
    ),
    CommonPrefixes: page.flatMap(({ name, object }) => (object ? [] : { Prefix: encode(name) })),
  });
}

/** As S3 encodes keys in listings: like a form, but slashes stay. */
const urlEncode = (text: string): string =>
  new URLSearchParams({ '': text }).toString().slice(1).replaceAll('%2F', '/');

const tokenOfKey = (key: string): string => Buffer.from(`1:${key}`).toString('base64');

function keyOfToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  if (!text.startsWith('1:'))
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  return text.slice(2);
}
