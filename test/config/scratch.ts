import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of a test's own. */
export interface Scratch {
  readonly folder: string;
  /** Writes text as it is and anything else as JSON; gives the path. */
  put(name: string, content: unknown): Promise<string>;
  remove(): Promise<void>;
}

export async function scratchFolder(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'migrator-test-'));
  return {
    folder,
    async put(name, content) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** In a `describe`: a new folder for each of its tests. */
export function useScratch(): Scratch {
  const scratch = {} as Scratch;
  beforeEach(async () => Object.assign(scratch, await scratchFolder()));
  afterEach(() => scratch.remove());
  return scratch;
}

/** What a promise rejects with; fails the test if it does not. */
export async function rejection<E = Error>(promise: Promise<unknown>): Promise<E> {
  const nothing = Symbol();
  const outcome = await promise.then(
    () => nothing,
    error => error,
  );
  if (outcome === nothing) throw new Error('expected a rejection');
  return outcome as E;
}
