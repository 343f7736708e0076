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

/** Names between bars, with the ids that they mean; `~`: only under relaxed rules. */
const FOLDERS: Record<string, string> = {
  '': '7.jpg = 7 | 4290.jfif ~ 4290 | 99999999999999999999.jpg | 1-99999.jpg',
  '1-500':
    '1.png = 1 | 00042.jpeg = 42 | 100-100.gif = 100 | 131-B.avi ~ 131 | 207.JPG = 207 | 207a.jpg = 207',
  '1-500/films': '300.mov = 300 | 350.avi = 350',
  '1000-1400':
    '1200-1205.mp4 = 1200,1201,1202,1203,1204,1205 | 1200+1205.jpg ~ 1200,1205 | 1234.mp4 = 1234 | ' +
    '1234z.MOV = 1234 | 1302-ק.jpg ~ 1302 | photo.jpg',
  '5000-5999':
    '5001.jpg = 5001 | 5001a.jpg = 5001 | 5001b.png = 5001 | 5003.jpg = 5003 | 5010.jpg = 5010 | ' +
    '5010.jpg = 5010 | 5049 a.jpeg ~ 5049 | 5143a,5144a.mp4 ~ 5143,5144 | 5287c - Copy.jpg ~ 5287 | ' +
    '5414 (2).mp4 ~ 5414',
  '5000-5999/from the old disk': '5003.jpg = 5003',
  '6000-6999':
    '6000-6001.jpg = 6000,6001 | 6001-6000.jpg | 6002-6004.jpg = 6002,6003,6004 | 6602.jpg = 6602 | ' +
    '6602.mp4 = 6602 | 6602A.jpg ~ 6602 | 6602.pdf | 6602 | \u200f6610.jpg ~ 6610 | 6700.jpg = 6700 | ' +
    '6999.jpg = 6999',
};

/** What more there is to files of these names. */
const MORE: Record<string, Partial<Entry>> = {
  // Every file that holds these bytes is the same picture.
  '5003.jpg': { content: sampleMedia('jpg', 5003), ends: ['completed', 'duplicate'], group: 'same' },
  '5010.jpg': { ends: ['completed', 'needs_review'], group: 'one name' },
  '6002-6004.jpg': { ends: ['partial'] },
  '6602.pdf': { content: Buffer.from('%PDF-1.4\n%%EOF\n') },
  '6700.jpg': { ends: ['needs_review'], canDownload: false },
  '6999.jpg': { ends: ['orphan'] },
};

function entriesOf(text: string): Entry[] {
  return text.split(' | ').map(each => {
    const [name = '', ids] = each.split(/ [=~] /);
    return {
      name,
      [each.includes(' = ') ? 'strict' : 'relaxed']: ids?.split(',').map(Number),
      ...MORE[name],
    };
  });
}

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
  for (const [path, text] of Object.entries(FOLDERS)) {
    for (const entry of entriesOf(text)) {
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
