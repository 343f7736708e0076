/** A folder with every trouble: the sample folder, more pictures, and films that go to S3 in parts. */
import type { Cloud } from '../cloud/cloud.ts';
import { seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import type { Dice } from './dice.ts';

const MIB = 1024 * 1024;
/** Above every id of the sample folder. */
const FIRST_ID = 20_000;
const LONG_AGO_MS = Date.UTC(2020, 0, 1);

export interface FolderSize {
  pictures: number;
  films: number;
  /** Largest film, in MiB; the smallest has 6, so that each needs parts of 5. */
  filmMiB: number;
  /** Observations that no file shows; a page of the sweep has 1,000. */
  otherObservations: number;
}

export interface ChaosFolder {
  folderId: string;
  /** Ids of everything that a full listing finds, a file behind a shortcut by its own id. */
  fileIds: string[];
}

/** Lays the folder into Drive, with its observations into AppSync. The same dice lay the same, ids included. */
export function layFolder({ drive, appSync }: Cloud, dice: Dice, size: FolderSize): ChaosFolder {
  const { tree } = drive;
  const sample = seedSampleFolder(drive);
  const fileIds = sample.files.map(({ id, kind }) => (kind === 'shortcut' ? tree.get(id).targetId! : id));
  const ids = new Set(sample.sequentialIds);
  const add = (name: string, parent: string, sizeBytes: number, seed: number, md5?: null) =>
    fileIds.push(tree.addFile({ name, parent, content: { size: sizeBytes, seed }, md5 }));

  const pictures = tree.addFolder({ name: 'pictures', parent: sample.folderId });
  for (let index = 0; index < size.pictures; index += 1) {
    const id = FIRST_ID + index;
    const bytes = dice.whole(`picture ${index}`, 0, 60_000);
    ids.add(id);
    // One is empty; of one Drive gives no md5.
    add(`${id}.jpg`, pictures, index === 1 ? 0 : bytes, id, index === 2 ? null : undefined);
    if (index % 8 === 3) add(`${id}a.jpg`, sample.folderId, bytes, id);
    if (index % 8 === 4) add(`${id}.jpg`, sample.folderId, bytes + 1, id);
    if (index % 8 === 5) add(`${id}-${id + 3}.png`, pictures, bytes, -id);
  }
  const films = tree.addFolder({ name: 'films', parent: pictures });
  for (let index = 0; index < size.films; index += 1) {
    const id = FIRST_ID + 5_000 + index;
    const bytes = dice.whole(`film ${index}`, 6 * MIB, size.filmMiB * MIB);
    ids.add(id);
    add(`${id}.mp4`, films, bytes, id, index === 1 ? null : undefined);
  }
  // The same film twice, under two names.
  add(
    `${FIRST_ID + 5_000}b.mp4`,
    sample.folderId,
    dice.whole('film 0', 6 * MIB, size.filmMiB * MIB),
    FIRST_ID + 5_000,
  );

  const others = Array.from({ length: size.otherObservations }, (_, index) => FIRST_ID + 10_000 + index);
  appSync.addObservations([...ids, ...others].map(id => ({ sequentialId: id, id: `observation-${id}` })));
  // Two such folders are laid at different times.
  for (const item of tree.items()) item.modifiedTime = LONG_AGO_MS;
  tree.prepare();
  return { folderId: sample.folderId, fileIds };
}
