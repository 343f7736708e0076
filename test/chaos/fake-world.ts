/** Services in memory that do what they are asked, or what fate has for the call, and that keep what they were given. */
import { createHash } from 'node:crypto';
import type { Services } from '../../src/services/services.ts';
import type { DriveFolders, DriveItem } from '../../stages/drive-item.ts';
import { FileError, RunError } from '../../stages/errors.ts';
import type { MediaLink, MediaTable } from '../../stages/link.ts';
import type { ObservationTable } from '../../stages/observation-finder.ts';
import { type FileRecord, FOLDER } from '../../stages/record.ts';
import type { Shutdown } from '../../stages/shutdown.ts';
import type { MediaSource, ObjectStore, StoredObject, Upload } from '../../stages/transfer.ts';
import { streamOf } from '../byte-stream.ts';

/**
 * What becomes of a call: done; refused; done, but reported as failed; done with altered bytes, if there are bytes; refused
 * for the whole run; the person stops the run in the middle of it, or gives up what is in flight as well.
 */
export const FATES = ['done', 'refused', 'lost', 'altered', 'run ends', 'stopped', 'given up'] as const;
export type Fate = (typeof FATES)[number];

export interface FakeFile {
  id: string;
  name: string;
  folder: 'a' | 'b';
  content: string;
}

const ROOT = 'root';
const ITEMS_A_PAGE = 2;

export class FakeWorld {
  readonly files: readonly FakeFile[];
  readonly sequentialIds: readonly number[];
  /** By key. */
  readonly objects = new Map<string, { fileId: string; content: string }>();
  /** By id. */
  readonly media = new Map<string, MediaLink>();
  /** Records that were created although they were there. */
  #fates: Fate[] = [];
  #shutdown: Shutdown | null = null;

  constructor(files: readonly FakeFile[], sequentialIds: readonly number[]) {
    this.files = files;
    this.sequentialIds = sequentialIds;
  }

  /** What a run works with; its calls meet these fates, in order, and then none any more. */
  services(fates: readonly Fate[], shutdown: Shutdown): Services {
    this.#fates = [...fates];
    this.#shutdown = shutdown;
    const backoff = { retries: 1, baseMs: 0, capMs: 0, sleep: async () => {} };
    const open = {
      drive: async () => this.#drive(),
      storage: async () => this.#store(),
      observations: async () => this.#observations(),
      media: async () => this.#media(),
      fittedModels: async () => {},
      backoffFor: () => backoff,
    };
    return open as unknown as Services;
  }

  #next(): Fate {
    const fate = this.#fates.shift() ?? 'done';
    if (fate === 'stopped' || fate === 'given up')
      this.#shutdown!.drain(new Error('the person has had enough'));
    if (fate === 'given up') this.#shutdown!.kill();
    if (fate === 'run ends') throw new RunError('over', 'Nothing more can be done.', 'Resume.');
    return fate;
  }

  #drive(): DriveFolders & MediaSource {
    const item = (id: string, name: string, parent: string, content: string | null): DriveItem => ({
      id,
      name,
      mimeType: content === null ? FOLDER : 'image/jpeg',
      size: content?.length ?? null,
      md5: content === null ? null : md5Of(content),
      modifiedTime: '2024-05-01T10:00:00.000Z',
      parents: [parent],
      trashed: false,
      shortcut: null,
    });
    const items = [
      ...['a', 'b'].map(name => item(name, name, ROOT, null)),
      ...this.files.map(({ id, name, folder, content }) => item(id, name, folder, content)),
    ];
    const next = () => this.#next();
    return {
      item: async ({ id }) => (id === ROOT ? item(ROOT, ROOT, '', null) : null),
      async *children(folders) {
        const found = items.filter(({ parents }) => folders.some(({ id }) => id === parents[0]));
        for (let start = 0; start < found.length; start += ITEMS_A_PAGE) {
          // Drive repeats what it has listed when a listing begins again.
          if (next() === 'lost') yield found.slice(0, start);
          yield found.slice(start, start + ITEMS_A_PAGE);
        }
      },
      download: async record => streamOf(this.#bytesOf(record)),
    };
  }

  async *#bytesOf(record: FileRecord): AsyncGenerator<Buffer> {
    const { content } = this.files.find(({ id }) => id === record.id)!;
    const fate = this.#next();
    const half = Math.floor(content.length / 2);
    yield Buffer.from(content.slice(0, half));
    if (fate === 'refused') throw new FileError('download_broken', 'It broke.', { retryable: true });
    yield Buffer.from(fate === 'altered' ? content.slice(half).toUpperCase() : content.slice(half));
    if (fate === 'lost') yield Buffer.from('and more');
  }

  #store(): ObjectStore {
    const failing = (code: string) => new FileError(code, 'S3 failed.', { retryable: true });
    const store = async ({ key, fileId, md5, open, signal }: Upload): Promise<StoredObject> => {
      let content = '';
      for await (const chunk of await open()) content += chunk.toString();
      const fate = this.#next();
      if (signal?.aborted) throw signal.reason;
      if (fate === 'refused' || fate === 'altered') throw failing('storage_busy');
      if (md5 && md5Of(content) !== md5) throw failing('md5_mismatch');
      const there = this.objects.get(key);
      if (there && there.content !== content) {
        throw new FileError('key_taken', `${key} is taken.`, { status: 'needs_review' });
      }
      if (!there) this.objects.set(key, { fileId, content });
      if (fate === 'lost') throw failing('storage_unreachable');
      return { bytes: content.length, etag: md5Of(content), verified: 'md5' };
    };
    return {
      urlOf: key => `https://bucket.example.com/${key}`,
      store,
    };
  }

  #observations(): ObservationTable {
    const found = this.sequentialIds.map(id => ({ id: `observation-${id}`, sequentialId: id }));
    const next = () => this.#next();
    return {
      index: async () => null,
      async *sweep() {
        // A sweep that begins again repeats itself, too.
        if (next() === 'lost') yield found.slice(0, 1);
        yield found;
      },
    };
  }

  #media(): MediaTable {
    const create = async (links: MediaLink[]): Promise<(FileError | null)[]> => {
      const fate = links.length > 0 ? this.#next() : 'done';
      return links.map((link, index) => {
        const fails = index % 2 === 0 && (fate === 'refused' || fate === 'lost');
        if (!fails || fate === 'lost') this.media.set(link.id, link);
        return fails ? new FileError('link_failed', 'AppSync failed.', { retryable: true }) : null;
      });
    };
    return { create };
  }
}

function md5Of(content: string): string {
  return createHash('md5').update(content).digest('hex');
}
