/** A small folder of pictures in Drive and a home that migrates it, on a cloud that the tests of a file share. */
import type { FileRecord, StageName } from '../../stages/record.ts';
import { Home, type Sandbox, type SandboxHomeOptions } from './sandbox.ts';

let idsGiven = 1000;

export class PictureFolder extends Home {
  readonly folderId: string;
  /** Sequential ids with an observation each; no other folder has them. */
  readonly ids: readonly number[];
  readonly #sandbox: Sandbox;
  readonly #idOf = new Map<string, number>();

  private constructor(sandbox: Sandbox, home: Home, folderId: string, ids: readonly number[]) {
    super(home.path, home.env);
    this.#sandbox = sandbox;
    this.folderId = folderId;
    this.ids = ids;
    for (const { id, sequentialId } of sandbox.cloud.appSync.addObservations(ids))
      this.#idOf.set(id, Number(sequentialId));
  }

  static async open(sandbox: Sandbox, observations: number, options: SandboxHomeOptions = {}) {
    const folderId = sandbox.cloud.drive.tree.addFolder({ name: 'pictures' });
    const ids = Array.from({ length: observations }, (_, index) => idsGiven + index);
    // The rest of the hundred has no observation yet.
    idsGiven += 100;
    return new PictureFolder(sandbox, await sandbox.home({ folderId, ...options }), folderId, ids);
  }

  /** A folder of files that are migrated already, with what is there then. */
  static async migrated(sandbox: Sandbox, files = 3) {
    const folder = await PictureFolder.open(sandbox, files);
    const driveIds = folder.ids.map(id => folder.add(`${id}.jpg`, `bytes of ${id}`));
    await folder.exits(0, ['migrate']);
    return { folder, driveIds, objects: folder.objects(), links: folder.links() };
  }

  get #cloud() {
    return this.#sandbox.cloud;
  }

  /** Puts a file into the folder, or into one below it; gives its Drive id. */
  add(name: string, content: string | Buffer, parent = this.folderId): string {
    return this.#cloud.drive.tree.addFile({ name, parent, content: Buffer.from(content) });
  }

  addObservation(sequentialId: number): string {
    const [item] = this.#cloud.appSync.addObservations([sequentialId]);
    this.#idOf.set(item!.id, sequentialId);
    return item!.id;
  }

  observationOf(sequentialId: number): string {
    return [...this.#idOf].find(([, known]) => known === sequentialId)![0];
  }

  keyOf(sequentialId: number, name: string): string {
    return `media/${this.observationOf(sequentialId)}/${name}`;
  }

  urlOf(sequentialId: number, name: string): string {
    const { bucket, region } = this.#cloud.s3;
    return `https://${bucket}.s3.${region}.amazonaws.com/${this.keyOf(sequentialId, name)}`;
  }

  /** What stands in the bucket for this folder: `1000/1000.jpg` → content. */
  objects(): Record<string, string> {
    const { s3 } = this.#cloud;
    const own = s3.objects().flatMap(({ key }) => {
      const [, observationId = '', name] = key.split('/');
      const id = this.#idOf.get(observationId);
      return id === undefined ? [] : [[`${id}/${name}`, s3.read(key).toString()] as const];
    });
    return Object.fromEntries(own.sort());
  }

  /** The media records of this folder's observations, one line each: `1000 → 1000/1000.jpg`. */
  links(): string[] {
    return this.media()
      .map(({ observationId, url }) => {
        const [observation = '', name] = decodeURIComponent(String(url)).split('/media/')[1]!.split('/');
        return `${this.#idOf.get(String(observationId))} → ${this.#idOf.get(observation)}/${name}`;
      })
      .sort();
  }

  /** The media records of this folder's observations. */
  media() {
    return [...this.#cloud.appSync.media.values()].filter(({ observationId }) =>
      this.#idOf.has(String(observationId)),
    );
  }

  /** The record that holds for a file. */
  record(driveId: string, stage: StageName = 'link'): FileRecord {
    return this.manifest(this.folderId, stage).findLast(({ id }) => id === driveId)!;
  }

  /** Status of each file by its id, as the last manifest has it. */
  statusOf(driveId: string): string {
    const { status, error } = this.record(driveId);
    return error ? `${status}: ${error.code}` : status;
  }
}
