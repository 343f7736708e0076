/** A folder as people keep them for ten years: the demo's, small enough to look through, with every trouble once. */
import type { Status } from '../../../stages/record.ts';
import type { ContentSource } from './content.ts';
import type { DriveService } from './drive.ts';
import { type SampleExtension, sampleMedia } from './sample-media.ts';

export interface SampleFile {
  /** Drive id; of a shortcut its own, not its target's. */
  id: string;
  kind: 'file' | 'document' | 'shortcut';
  name: string;
  /** Folders below the sample folder, `/`-joined; empty for files directly in it. */
  path: string;
  /** What the name means under strict rules; null: nothing, it needs review. */
  strictIds: number[] | null;
  /** The same under relaxed rules. */
  relaxedIds: number[] | null;
  /** How a strict run ends for it. More than one where the order of listing decides between files of one `group`. */
  ends: Status[];
  /** Files that get in each other's way: of each group exactly one ends as `completed`. */
  group?: string;
}

export interface SampleFolder {
  folderId: string;
  /** Whatever a full listing finds; neither folders nor the file in the bin. */
  files: SampleFile[];
  /** Create one observation for each. Ascending. */
  sequentialIds: number[];
}

interface Entry {
  name: string;
  strict?: number[];
  /** As strict if left out. */
  relaxed?: number[];
  content?: ContentSource;
  ends?: Status[];
  group?: string;
  canDownload?: boolean;
}

/** Ids that names speak of and that have no observation. */
const WITHOUT_OBSERVATION = [6003, 6999];

/** Every file that holds these bytes is the same picture. */
const SAME_PICTURE = sampleMedia('jpg', 5003);

const SAME: Partial<Entry> = { ends: ['completed', 'duplicate'], group: 'same' };
const ONE_NAME: Partial<Entry> = { ends: ['completed', 'needs_review'], group: 'one name' };

const FOLDERS: Record<string, Entry[]> = {
  '': [
    { name: '7.jpg', strict: [7] },
    { name: '4290.jfif', relaxed: [4290] },
    { name: '99999999999999999999.jpg' },
    { name: '1-99999.jpg' },
  ],
  '1-500': [
    { name: '1.png', strict: [1] },
    { name: '00042.jpeg', strict: [42] },
    { name: '100-100.gif', strict: [100] },
    { name: '131-B.avi', relaxed: [131] },
    { name: '207.JPG', strict: [207] },
    { name: '207a.jpg', strict: [207] },
  ],
  '1-500/films': [
    { name: '300.mov', strict: [300] },
    { name: '350.avi', strict: [350] },
  ],
  '1000-1400': [
    { name: '1200-1205.mp4', strict: [1200, 1201, 1202, 1203, 1204, 1205] },
    { name: '1200+1205.jpg', relaxed: [1200, 1205] },
    { name: '1234.mp4', strict: [1234] },
    { name: '1234z.MOV', strict: [1234] },
    { name: '1302-ק.jpg', relaxed: [1302] },
    { name: 'photo.jpg' },
  ],
  '5000-5999': [
    { name: '5001.jpg', strict: [5001] },
    { name: '5001a.jpg', strict: [5001] },
    { name: '5001b.png', strict: [5001] },
    { name: '5003.jpg', strict: [5003], content: SAME_PICTURE, ...SAME },
    { name: '5010.jpg', strict: [5010], ...ONE_NAME },
    { name: '5010.jpg', strict: [5010], ...ONE_NAME },
    { name: '5049 a.jpeg', relaxed: [5049] },
    { name: '5143a,5144a.mp4', relaxed: [5143, 5144] },
    { name: '5287c - Copy.jpg', relaxed: [5287] },
    { name: '5414 (2).mp4', relaxed: [5414] },
  ],
  '5000-5999/from the old disk': [{ name: '5003.jpg', strict: [5003], content: SAME_PICTURE, ...SAME }],
  '6000-6999': [
    { name: '6000-6001.jpg', strict: [6000, 6001] },
    { name: '6001-6000.jpg' },
    { name: '6002-6004.jpg', strict: [6002, 6003, 6004], ends: ['partial'] },
    { name: '6602.jpg', strict: [6602] },
    { name: '6602.mp4', strict: [6602] },
    { name: '6602A.jpg', relaxed: [6602] },
    { name: '6602.pdf', content: Buffer.from('%PDF-1.4\n%%EOF\n') },
    { name: '6602' },
    { name: '\u200f6610.jpg', relaxed: [6610] },
    { name: '6700.jpg', strict: [6700], ends: ['needs_review'], canDownload: false },
    { name: '6999.jpg', strict: [6999], ends: ['orphan'] },
  ],
};

/** Lays the sample folder into My Drive, or into `parent`. The same every time. */
export function seedSampleFolder(
  { tree }: DriveService,
  { name = 'MECO photos and films', parent }: { name?: string; parent?: string } = {},
): SampleFolder {
  const folderId = tree.addFolder({ name, parent });
  const folders = new Map([['', folderId]]);
  const folderAt = (path: string): string => {
    const known = folders.get(path);
    if (known) return known;
    const cut = path.lastIndexOf('/');
    const id = tree.addFolder({
      name: path.slice(cut + 1),
      parent: folderAt(path.slice(0, Math.max(0, cut))),
    });
    folders.set(path, id);
    return id;
  };

  const files: SampleFile[] = [];
  for (const [path, entries] of Object.entries(FOLDERS)) {
    for (const entry of entries) {
      const content = entry.content ?? mediaFor(entry.name, files.length);
      const { name, canDownload } = entry;
      const id = tree.addFile({ name, parent: folderAt(path), content, canDownload });
      files.push(described(id, 'file', path, entry));
    }
  }

  const late = '6000-6999';
  const notes = { name: 'Field notes' };
  files.push(described(tree.addGoogleDoc({ ...notes, parent: folderAt(late) }), 'document', late, notes));

  const elsewhere = tree.addFolder({ name: 'Shared by a volunteer', parent });
  const linked = { name: '6620.jpg', strict: [6620] };
  const targetId = tree.addFile({ name: linked.name, parent: elsewhere, content: sampleMedia('jpg', 6620) });
  const shortcut = tree.addShortcut({ name: linked.name, parent: folderAt(late), targetId });
  files.push(described(shortcut, 'shortcut', late, linked));

  tree.addShortcut({ name: 'back to everything', parent: folderAt(late), targetId: folderId });
  tree.addFolder({ name: '7000-7999', parent: folderId });
  tree.addFile({
    name: '6603.jpg',
    parent: folderAt(late),
    content: sampleMedia('jpg', 6603),
    trashed: true,
  });

  const named = new Set(files.flatMap(file => file.relaxedIds ?? []));
  for (const id of WITHOUT_OBSERVATION) named.delete(id);
  return { folderId, files, sequentialIds: [...named].sort((one, other) => one - other) };
}

function described(id: string, kind: SampleFile['kind'], path: string, entry: Entry): SampleFile {
  const strictIds = entry.strict ?? null;
  return {
    id,
    kind,
    name: entry.name,
    path,
    strictIds,
    relaxedIds: entry.relaxed ?? strictIds,
    ends: entry.ends ?? [strictIds ? 'completed' : 'needs_review'],
    group: entry.group,
  };
}

function mediaFor(name: string, seed: number): Buffer {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return sampleMedia(/^\d+$/.test(extension) ? 'jpg' : (extension as SampleExtension), seed);
}
