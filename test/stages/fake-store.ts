/** A Drive with one file and stores to take it, for tests of the transfer. */
import type { FileRecord } from '../../stages/record.ts';
import type { FileSource, ObjectStore, StoredObject, Upload } from '../../stages/transfer.ts';
import { streamOf } from '../byte-stream.ts';
import { all, fileRecord } from './flow.ts';

export const CONTENT = [Buffer.from('one '), Buffer.from('file')];
export const STORED: StoredObject = { bytes: 8, etag: 'e1', verified: 'md5' };

export const drive: FileSource = { download: async (_, onBytes) => streamOf(CONTENT, onBytes) };

/** Takes what it is given, unless `refuse` has something against it. */
export class FakeStore implements ObjectStore {
  readonly uploads: (Omit<Upload, 'open'> & { content: string })[] = [];
  refuse: (attempt: number, upload: Upload) => Error | null = () => null;

  urlOf(key: string): string {
    return `https://bucket.s3.example.com/${encodeURI(key)}`;
  }

  async store(upload: Upload): Promise<StoredObject> {
    const { signal: _, open, ...asked } = upload;
    const content = Buffer.concat(await all(await open())).toString();
    this.uploads.push({ ...asked, content });
    const error = this.refuse(this.uploads.length, upload);
    if (error) throw error;
    return STORED;
  }
}

/** Holds every upload until the test lets it go. */
export class SlowStore extends FakeStore {
  readonly waiting = new Map<string, (error?: Error) => void>();
  most = 0;

  override store({ fileId }: Upload): Promise<StoredObject> {
    return new Promise((resolve, reject) => {
      this.waiting.set(fileId, error => {
        this.waiting.delete(fileId);
        if (error) reject(error);
        else resolve(STORED);
      });
      this.most = Math.max(this.most, this.waiting.size);
    });
  }
}

export function located(fields: Partial<FileRecord> = {}): FileRecord {
  return fileRecord({
    md5: 'a'.repeat(32),
    size: 8,
    sequentialIds: [6602],
    type: 'IMAGE',
    contentType: 'image/jpeg',
    observations: [{ sequentialId: 6602, id: 'obs-1' }],
    missing: [],
    key: 'media/obs-1/6602.jpg',
    ...fields,
  });
}
