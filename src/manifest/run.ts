/** A run: the manifests of one Drive folder, in `runs/{folder_id}/` below the home folder. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../../stages/errors.ts';
import { type FileRecord, STAGES, type StageName } from '../../stages/record.ts';
import { FOLDER_ID, runFolder } from '../config/home.ts';
import { type Lock, takeLock } from './lock.ts';
import { ManifestFile, manifestExists, type OpenOptions } from './manifest-file.ts';

/** What is true of the run and of no file in it. */
interface Facts {
  folder_id: string;
  /** RFC 3339. */
  started_at: string;
  /** When the folder had been listed to its end; null while that is not so. */
  listed_at: string | null;
}

export class Run {
  readonly folderId: string;
  readonly folder: string;
  #lock: Lock | null = null;

  constructor(home: string, folderId: string) {
    this.folderId = folderId;
    this.folder = runFolder(home, folderId);
  }

  get exists(): boolean {
    return STAGES.some(stage => manifestExists(this.pathOf(stage)));
  }

  pathOf(stage: StageName): string {
    return join(this.folder, `${stage}.ndjson`);
  }

  /** Where lines go that are not records. */
  rejectedPathOf(stage: StageName): string {
    return join(this.folder, `${stage}.rejected.ndjson`);
  }

  /** Multipart uploads that have begun and not ended. */
  get uploadsPath(): string {
    return join(this.folder, 'uploads.ndjson');
  }

  has(stage: StageName): boolean {
    return manifestExists(this.pathOf(stage));
  }

  open(stage: StageName, options: OpenOptions): Promise<ManifestFile> {
    return ManifestFile.open(this.pathOf(stage), options);
  }

  /** Makes this process the run's only writer. Throws RunError that names the one there is. */
  lock(command: string): void {
    this.#lock = takeLock(this.folder, command);
    if (!existsSync(this.#factsPath)) this.#write({ ...this.#facts(), listed_at: null });
  }

  unlock(): void {
    this.#lock?.release();
    this.#lock = null;
  }

  /** Forgets a run that never saw a file, as of a folder that Drive does not know: it would be taken for the last one. */
  discardIfVoid(): void {
    const isVoid = STAGES.every(stage => !this.has(stage) || statSync(this.pathOf(stage)).size === 0);
    if (isVoid && !this.isListed) rmSync(this.folder, { recursive: true, force: true });
  }

  get startedAt(): string {
    return this.#facts().started_at;
  }

  /** True once the folder has been listed to its end; its list manifest then needs no Drive. */
  get isListed(): boolean {
    return this.#facts().listed_at !== null && this.has('list');
  }

  markListed(): void {
    this.#write({ ...this.#facts(), listed_at: new Date().toISOString() });
  }

  get #factsPath(): string {
    return join(this.folder, 'run.json');
  }

  /** A run without the file was put together by hand: what is in its list manifest is all there is to it. */
  #facts(): Facts {
    try {
      return JSON.parse(readFileSync(this.#factsPath, 'utf8')) as Facts;
    } catch {
      const now = new Date().toISOString();
      return { folder_id: this.folderId, started_at: now, listed_at: this.has('list') ? now : null };
    }
  }

  #write(facts: Facts): void {
    const temporary = `${this.#factsPath}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, this.#factsPath);
  }

  /**
   * Every file of the run once, as far as it has come: in the order of the listing, each from the last manifest that
   * has it. For readers; takes no lock.
   */
  async *latest(warn: (message: string) => void): AsyncGenerator<FileRecord> {
    const manifests: ManifestFile[] = [];
    try {
      for (const stage of STAGES) {
        if (this.has(stage)) manifests.push(await this.open(stage, { write: false, warn }));
      }
      const [first, ...later] = manifests;
      if (!first) return;
      later.reverse();
      for (const record of first.records()) {
        yield later.find(manifest => manifest.has(record.id))?.last(record.id) ?? record;
      }
    } finally {
      for (const manifest of manifests) await manifest.close();
    }
  }
}

/** The folder of the run that was worked on last; null if there is none. */
export function lastRunOf(home: string): string | null {
  const runs = join(home, 'runs');
  if (!existsSync(runs)) return null;
  const folderIds = readdirSync(runs).filter(name => FOLDER_ID.test(name));
  const times = folderIds.flatMap(folderId => {
    const run = new Run(home, folderId);
    const touched = STAGES.filter(stage => run.has(stage)).map(stage => statSync(run.pathOf(stage)).mtimeMs);
    return touched.length > 0 ? [{ folderId, time: Math.max(...touched) }] : [];
  });
  return times.sort((a, b) => b.time - a.time)[0]?.folderId ?? null;
}

export function noRun(what: string): RunError {
  return new RunError(
    'no_run',
    `There is no run ${what}.`,
    'Start one with "migrator scan --folder-id FOLDER_ID" or "migrator migrate --folder-id FOLDER_ID".',
  );
}
