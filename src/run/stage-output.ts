/** Where a stage command writes its records: its manifest in the run, a file, or standard output. */
import type { FileRecord, StageName } from '../../stages/record.ts';
import { type Checkpoint, checkpointOf, claimsIn, storedRecord } from './manifest/checkpoint.ts';
import type { LinkingFile } from './manifest/linking.ts';
import { ManifestFile, type OpenOptions } from './manifest/manifest-file.ts';
import type { Manifest } from './manifest/merged-manifest.ts';
import type { Run } from './manifest/run.ts';
import { closeManifests, type Manifests, openManifests } from './open-manifests.ts';
import { noPlace, type StageFlags, type StageInput } from './stage-input.ts';
import { isLog, isPiped } from './standard-streams.ts';

export class StageOutput {
  /** The run whose manifest is written; null for a file and for standard output. */
  readonly run: Run | null;
  readonly #stage: StageName;
  readonly #path: string | null;
  #manifests: Manifests = {};
  /** Only for link in a run. */
  linking: LinkingFile | undefined;

  /** Throws ConfigError (usage) if nothing says where to write. */
  constructor(stage: StageName, { out }: StageFlags, input: StageInput) {
    this.#stage = stage;
    this.#path = out === undefined || out === '-' ? null : out;
    this.run = out === undefined ? runToWrite(stage, input) : null;
  }

  get isStandardOutput(): boolean {
    return this.run === null && this.#path === null;
  }

  /** The manifest of earlier records and new ones; null for standard output. */
  get manifest(): Manifest | null {
    return this.#manifests[this.#stage] ?? null;
  }

  async open(options: Omit<OpenOptions, 'write'>): Promise<void> {
    const stage = this.#stage;
    if (this.run) {
      const read: StageName[] = stage === 'resolve' ? ['transfer'] : [];
      this.#manifests = await openManifests(this.run, { ...options, write: [stage], read });
      if (stage === 'link') this.linking = this.run.linkingFile();
    } else if (this.#path !== null) {
      this.#manifests[stage] = await ManifestFile.open(this.#path, { ...options, write: true });
    }
  }

  /** For resolve: records that have an S3 key. */
  claimed(): Iterable<FileRecord> {
    return claimsIn(this.manifest, this.#manifests.transfer);
  }

  checkpoint(retryOrphans: boolean): Checkpoint | null {
    const stored = (id: string) => storedRecord(this.#manifests.transfer, id);
    return this.manifest && checkpointOf(this.manifest, { stage: this.#stage, retryOrphans, stored });
  }

  async close(): Promise<void> {
    await closeManifests(this.#manifests);
    this.linking?.close();
    this.run?.discardIfEmpty();
    this.run?.unlock();
  }
}

function runToWrite(stage: StageName, { run, isRunNamed }: StageInput): Run | null {
  if (run && isRunNamed && stage !== 'list') return run;
  // Records do not belong in a log, if there is another place for them.
  if (isPiped(1) && !(run && isLog())) return null;
  if (!run && process.stdout.isTTY)
    throw noPlace('write its records to', '--out FILE, a pipe, or --folder-id');
  return run;
}
