/** The objects of the bucket and the multipart uploads under way: an index in memory, the bytes on disk. */
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ChecksumAlgorithm } from './checksums.ts';
import { Content } from './content.ts';
import { S3Error } from './errors.ts';

/** What a client says about an object and gets back with it. */
export interface Metadata {
  readonly contentType: string;
  /** Further headers that are kept as they are: `cache-control`, `x-amz-meta-*` and the like, lower case. */
  readonly kept: ReadonlyMap<string, string>;
}

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; with `-N` at the end when it is made of the checksums of N parts. */
  readonly value: string;
  readonly type: 'COMPOSITE' | 'FULL_OBJECT';
}

export interface StoredObject extends Metadata {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: StoredChecksum | null;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly content: Content;
}

export interface Part {
  readonly number: number;
  readonly path: string;
  readonly sizeBytes: number;
  /** MD5, hex. */
  readonly etag: string;
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | null;
  readonly modifiedMs: number;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly metadata: Metadata;
  /** Of each part; that of the object is made of these (COMPOSITE). */
  readonly checksum: ChecksumAlgorithm | null;
  readonly initiatedMs: number;
  readonly parts: Map<number, Part>;
}

export class ObjectStore {
  readonly uploads = new Map<string, Upload>();
  /** What was answered for completed uploads, by upload id. */
  readonly completed = new Map<string, string>();
  readonly #objects = new Map<string, StoredObject>();
  readonly #folder: string;

  /** @param folder an existing folder; the names in it are the store's own and mean nothing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A path for bytes of an object. */
  newPath(): string {
    return join(this.#folder, randomUUID());
  }

  get(key: string): StoredObject | null {
    return this.#objects.get(key) ?? null;
  }

  /** Makes an object visible, in place of any of the same key. */
  set(object: StoredObject): void {
    const before = this.#objects.get(object.key);
    this.#objects.set(object.key, object);
    before?.content.drop();
  }

  /** False when there was none. */
  delete(key: string): boolean {
    const object = this.#objects.get(key);
    if (!object) return false;
    this.#objects.delete(key);
    object.content.drop();
    return true;
  }

  /** All objects in S3's order, which is that of the UTF-8 bytes of their keys. */
  all(): StoredObject[] {
    const bytes = [...this.#objects.values()].map(object => ({ object, key: Buffer.from(object.key) }));
    return bytes.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ object }) => object);
  }

  startUpload(details: Omit<Upload, 'id' | 'parts'>): Upload {
    const upload = { ...details, id: randomBytes(48).toString('base64url'), parts: new Map() };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  /** @throws S3Error `NoSuchUpload`, also when the upload is for another key */
  upload(id: string, key: string): Upload {
    const upload = this.uploads.get(id);
    if (upload?.key !== key) throw new S3Error('NoSuchUpload');
    return upload;
  }

  /** Forgets an upload and deletes its parts, but for those that have become an object. */
  endUpload(upload: Upload, used: readonly Part[] = []): void {
    this.uploads.delete(upload.id);
    for (const part of upload.parts.values()) if (!used.includes(part)) dropPart(part);
  }
}

/** Deletes the bytes of a part. */
export function dropPart(part: Part): void {
  new Content([part], null).drop();
}
