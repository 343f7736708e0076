/** The objects of the bucket and the multipart uploads under way: an index in memory, the bytes on disk. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createReadStream, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Checksum, ChecksumAlgorithm } from './body.ts';
import { S3Error } from './errors.ts';

const READ_BLOCK = 256 * 1024;

/** What a client says about an object and gets back with it. */
export interface Metadata {
  readonly contentType: string;
  /** Further headers that are kept as they are: `cache-control`, `x-amz-meta-*` and the like, lower case. */
  readonly kept: ReadonlyMap<string, string>;
}

export interface StoredObject extends Metadata {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** Of the whole, or with `-N` at the end when it is made of those of N parts. */
  readonly checksum: Checksum | null;
  readonly modifiedMs: number;
  readonly content: Content;
}

interface ContentFile {
  readonly path: string;
  readonly sizeBytes: number;
}

export interface Part extends ContentFile {
  readonly number: number;
  /** MD5, hex. */
  readonly etag: string;
  readonly checksum: Checksum | null;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly metadata: Metadata;
  /** Of each part; that of the object is made of these (COMPOSITE). */
  readonly checksum: ChecksumAlgorithm | null;
  readonly parts: Map<number, Part>;
}

/**
 * The bytes of one object: a file, or the parts of a multipart upload, one file each. Parts are not joined when an upload
 * completes, since that would cost a second writing of everything.
 */
export class Content {
  readonly files: readonly ContentFile[];
  readonly sizeBytes: number;
  #md5: string | undefined;

  constructor(...files: ContentFile[]) {
    this.files = files;
    this.sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  }

  /** MD5 over all bytes, hex; computed at the first call, by reading them. */
  get md5(): string {
    this.#md5 ??= this.files
      .reduce((hash, { path }) => hash.update(readFileSync(path)), createHash('md5'))
      .digest('hex');
    return this.#md5;
  }

  readAll(): Buffer {
    return Buffer.concat(this.files.map(({ path }) => readFileSync(path)));
  }

  /** From `start` to before `end`; opened file by file, as the reader gets there. */
  async *bytes(start: number, end: number): AsyncGenerator<Buffer> {
    let offset = 0;
    for (const { path, sizeBytes } of this.files) {
      const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, sizeBytes)];
      if (from < to) yield* createReadStream(path, { start: from, end: to - 1, highWaterMark: READ_BLOCK });
      offset += sizeBytes;
    }
  }

  drop(): void {
    for (const { path } of this.files) rmSync(path, { force: true });
  }
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

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Makes an object visible, in place of any of the same key. */
  set(object: StoredObject): void {
    this.delete(object.key);
    this.#objects.set(object.key, object);
  }

  /** False when there was none. */
  delete(key: string): boolean {
    this.#objects.get(key)?.content.drop();
    return this.#objects.delete(key);
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
  upload(id: string | null, key: string): Upload {
    const upload = this.uploads.get(id ?? '');
    if (upload?.key !== key) throw new S3Error('NoSuchUpload');
    return upload;
  }

  /** Forgets an upload and deletes its parts, but for those that have become an object. */
  endUpload(upload: Upload, used: readonly Part[] = []): void {
    this.uploads.delete(upload.id);
    for (const part of upload.parts.values()) if (!used.includes(part)) new Content(part).drop();
  }
}
