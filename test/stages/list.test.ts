import { expect } from 'chai';
import fc from 'fast-check';
import type { DriveFolders, DriveItem } from '../../stages/drive-item.ts';
import { FileError, RunError } from '../../stages/errors.ts';
import { Shutdown } from '../../stages/flow/shutdown.ts';
import { list } from '../../stages/list.ts';
import { type DriveRef, type FileRecord, FOLDER } from '../../stages/record.ts';
import { rejection } from '../config/scratch.ts';
import { all } from './flow.ts';

const SHORTCUT = 'application/vnd.google-apps.shortcut';

function file(id: string, parent: string, more: Partial<DriveItem> = {}): DriveItem {
  return {
    id,
    name: `${id}.jpg`,
    mimeType: 'image/jpeg',
    size: 3,
    md5: 'd'.repeat(32),
    modifiedTime: '2024-05-01T10:00:00.000Z',
    parents: parent === '' ? [] : [parent],
    trashed: false,
    shortcut: null,
    ...more,
  };
}

function folder(id: string, parent: string, more: Partial<DriveItem> = {}): DriveItem {
  return file(id, parent, { name: id, mimeType: FOLDER, size: null, md5: null, ...more });
}

function shortcut(id: string, parent: string, target: string): DriveItem {
  const to = { id: target, mimeType: 'unknown to the reader' };
  return file(id, parent, { mimeType: SHORTCUT, size: null, md5: null, shortcut: to });
}

class FakeDrive implements DriveFolders {
  readonly items: DriveItem[];
  /** The folders of each query. */
  readonly queries: string[][] = [];
  readonly asked: string[] = [];
  pageSizes = [1000];
  groupedQueriesFindNothing = false;

  constructor(...items: DriveItem[]) {
    this.items = items;
  }

  async *children(folders: DriveRef[]): AsyncGenerator<DriveItem[]> {
    const folderIds = folders.map(({ id }) => id);
    this.queries.push(folderIds);
    if (this.groupedQueriesFindNothing && folderIds.length > 1) return;
    const found = this.items.filter(item => !item.trashed && item.parents.some(id => folderIds.includes(id)));
    for (let start = 0, page = 0; start < found.length; page += 1) {
      const size = this.pageSizes[page % this.pageSizes.length]!;
      yield found.slice(start, start + size);
      start += size;
    }
  }

  async item({ id }: DriveRef): Promise<DriveItem | null> {
    this.asked.push(id);
    return this.items.find(item => item.id === id) ?? null;
  }
}

function listed(drive: DriveFolders, shutdown?: Shutdown): Promise<FileRecord[]> {
  return all(list(drive, { id: 'root' }, { shutdown }));
}

/** Folders `d0`, `d1`, … with a file in each. */
function wide(count: number): FakeDrive {
  const folders = Array.from({ length: count }, (_, index) => folder(`d${index}`, 'root'));
  return new FakeDrive(folder('root', ''), ...folders, ...folders.map(({ id }) => file(`in-${id}`, id)));
}

async function placesIn(drive: DriveFolders): Promise<Record<string, string>> {
  const records = await listed(drive);
  const places = Object.fromEntries(
    records.map(({ id, path, name }) => [id, path ? `${path}/${name}` : name]),
  );
  expect(Object.keys(places), 'each once').to.have.length(records.length);
  return places;
}

describe('list', () => {
  it('gives each file what Drive says of it and nothing else', async () => {
    const drive = new FakeDrive(folder('root', ''), file('a', 'root'));
    expect(await listed(drive)).to.deep.equal([
      {
        id: 'a',
        name: 'a.jpg',
        path: '',
        size: 3,
        mimeType: 'image/jpeg',
        md5: 'd'.repeat(32),
        modifiedTime: '2024-05-01T10:00:00.000Z',
        parent: { id: 'root' },
        status: 'pending',
      },
    ]);
  });

  it('asks for the folders of a level in groups of fifty', async () => {
    const drive = wide(120);
    expect(Object.keys(await placesIn(drive))).to.have.length(120);
    expect(drive.queries.map(ids => ids.length)).to.deep.equal([1, 50, 50, 20]);
  });

  it('asks folder by folder, from then on, when a query over several finds nothing though there is something', async () => {
    const drive = wide(60);
    drive.groupedQueriesFindNothing = true;
    expect(Object.keys(await placesIn(drive))).to.have.length(60);
    // The root, the group that found nothing, and from then on each folder by itself.
    expect(drive.queries.map(ids => ids.length)).to.deep.equal([1, 50, ...Array(60).fill(1)]);
  });

  it('goes on asking for groups when a group of folders is simply empty', async () => {
    const folders = Array.from({ length: 60 }, (_, index) => folder(`d${index}`, 'root'));
    const drive = new FakeDrive(folder('root', ''), ...folders, file('last', 'd59'));
    expect(Object.keys(await placesIn(drive))).to.deep.equal(['last']);
    expect(drive.queries.map(ids => ids.length)).to.deep.equal([1, 50, ...Array(50).fill(1), 10]);
  });

  it('drops what Drive repeats while the folder changes', async () => {
    const drive = new FakeDrive(folder('root', ''), folder('x', 'root'), folder('y', 'root'));
    drive.items.push(file('a', 'x'), file('a', 'y'), file('a', 'x'), folder('x', 'root'), folder('x', 'y'));
    expect(await placesIn(drive)).to.deep.equal({ a: 'x/a.jpg' });
    expect(drive.queries, 'no folder is read twice').to.deep.equal([['root'], ['x', 'y']]);
  });

  it('lists a file that is in the folder and behind a shortcut once, where it lies', async () => {
    const drive = new FakeDrive(
      folder('root', ''),
      shortcut('s', 'root', 'a'),
      folder('x', 'root'),
      file('a', 'x'),
    );
    expect(await placesIn(drive)).to.deep.equal({ a: 'x/a.jpg' });
    expect(drive.asked, 'asks only for the root').to.deep.equal(['root']);
  });

  it('lists what a shortcut points to elsewhere once, under name and place of the first shortcut', async () => {
    const drive = new FakeDrive(
      folder('root', ''),
      folder('x', 'root'),
      shortcut('s', 'x', 'a'),
      shortcut('t', 'x', 'a'),
      file('a', 'elsewhere', { size: 99 }),
    );
    const records = await listed(drive);
    expect(records).to.have.length(1);
    expect(records[0]).to.include({ id: 'a', name: 's.jpg', path: 'x', size: 99, shortcutId: 's' });
  });

  it('ends although shortcuts lead in circles', async () => {
    const drive = new FakeDrive(
      folder('root', ''),
      folder('x', 'root'),
      shortcut('up', 'x', 'root'),
      shortcut('out', 'x', 'far'),
      folder('far', 'elsewhere'),
      shortcut('back', 'far', 'x'),
      shortcut('itself', 'far', 'far'),
      file('a', 'far'),
    );
    expect(await placesIn(drive)).to.deep.equal({ a: 'x/out.jpg/a.jpg' });
  });

  it('gives out a shortcut whose target is gone or in the trash as an orphan, once', async () => {
    const drive = new FakeDrive(
      folder('root', ''),
      shortcut('s', 'root', 'nowhere'),
      shortcut('s', 'root', 'nowhere'),
      shortcut('t', 'root', 'thrown away'),
      file('thrown away', 'elsewhere', { trashed: true }),
    );
    const records = await listed(drive);
    expect(records.map(({ id, status, error }) => [id, status, error?.code])).to.deep.equal([
      ['s', 'orphan', 'shortcut_target_gone'],
      ['t', 'orphan', 'shortcut_target_gone'],
    ]);
    expect(records[0]!.error!.message).to.match(/^s\.jpg/);
  });

  it('refuses a folder that is unknown, in the trash or no folder, each with its own words', async () => {
    const unknown = await rejection<RunError>(listed(new FakeDrive()));
    expect(unknown).to.be.instanceOf(RunError).and.include({ code: 'folder_not_found' });
    expect(unknown.message).to.contain('root');

    const trashed = await rejection<RunError>(listed(new FakeDrive(folder('root', '', { trashed: true }))));
    expect(trashed).to.include({ code: 'folder_not_found' });
    expect(trashed.message).to.contain('trash');

    const photo = await rejection<RunError>(listed(new FakeDrive(file('root', ''))));
    expect(photo).to.be.instanceOf(RunError).and.include({ code: 'not_a_folder' });
    expect(photo.message).to.contain('root.jpg').and.to.contain('image/jpeg');
  });

  it('stops asking once the run is shut down', async () => {
    const files = Array.from({ length: 10 }, (_, index) => file(`f${index}`, 'root'));
    const drive = new FakeDrive(folder('root', ''), folder('x', 'root'), ...files, file('z', 'x'));
    const shutdown = new Shutdown();
    const seen: string[] = [];
    for await (const { id } of list(drive, { id: 'root' }, { shutdown })) {
      seen.push(id);
      if (seen.length === 3) shutdown.drain(new Error('enough'));
    }
    expect(seen).to.deep.equal(['f0', 'f1', 'f2']);
    expect(drive.queries).to.have.length(1);
  });

  it('shuts the run down when Drive refuses on the way, so that files in flight are finished', async () => {
    const drive = new FakeDrive(folder('root', ''), file('a', 'root'), folder('x', 'root'));
    const refusal = new RunError('daily_limit', 'Drive has had enough.', 'Come back tomorrow.');
    const children = drive.children.bind(drive);
    drive.children = async function* (folders) {
      if (folders.some(({ id }) => id === 'x')) throw refusal;
      yield* children(folders);
    };
    const shutdown = new Shutdown();
    expect((await listed(drive, shutdown)).map(({ id }) => id)).to.deep.equal(['a']);
    expect(shutdown.reason).to.equal(refusal);
    expect(await rejection(listed(drive)), 'without a switch').to.equal(refusal);
  });

  it('stops when Drive fails for one folder after the other, and not for one that fails alone', async () => {
    const below = Array.from({ length: 6 }, (_, index) => folder(`x${index}`, 'root'));
    const drive = new FakeDrive(folder('root', ''), file('a', 'root'), ...below);
    const children = drive.children.bind(drive);
    let failing = ['x1'];
    drive.children = async function* (folders) {
      if (folders.some(({ id }) => failing.includes(id)))
        throw new FileError('folder_unreadable', 'Drive fails.', { retryable: true });
      yield* children(folders);
    };
    expect((await listed(drive)).map(({ id }) => id)).to.deep.equal(['a', 'x1']);
    failing = below.map(({ id }) => id);
    expect(await rejection(listed(drive))).to.include({ name: 'RunError', code: 'drive_refused' });
  });

  it('reads no further page before the records of this one are wanted', async () => {
    let pages = 0;
    const drive: DriveFolders = {
      item: async () => folder('root', ''),
      async *children() {
        for (;;) {
          pages += 1;
          yield [file(`${pages}a`, 'root'), file(`${pages}b`, 'root')];
        }
      },
    };
    const records = list(drive, { id: 'root' });
    for (let taken = 0; taken < 4; taken += 1) await records.next();
    expect(pages).to.equal(2);
    await records.return(undefined);
  });

  it('finds each file of any tree exactly once, grouped queries working or not', async () => {
    const tree = fc.array(
      fc.record({
        kind: fc.constantFrom('file', 'folder', 'shortcut'),
        parent: fc.nat(),
        target: fc.nat(),
      }),
      { maxLength: 40 },
    );
    const pageSizes = fc
      .array(fc.nat(3), { minLength: 1, maxLength: 4 })
      .filter(sizes => sizes.some(Boolean));
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), pageSizes, async (nodes, faulty, sizes) => {
        const folders = ['root'];
        const items = [folder('root', '')];
        nodes.forEach(({ kind, parent, target }, index) => {
          const parentId = folders[parent % folders.length]!;
          const id = `${kind}-${index}`;
          if (kind === 'folder') folders.push(id);
          if (kind === 'folder') items.push(folder(id, parentId));
          else if (kind === 'file') items.push(file(id, parentId));
          else items.push(shortcut(id, parentId, items[target % items.length]!.id));
        });
        const drive = new FakeDrive(...items);
        drive.groupedQueriesFindNothing = faulty;
        drive.pageSizes = sizes;
        const ids = (await listed(drive)).map(({ id }) => id).filter(id => id.startsWith('file-'));
        const files = items.map(({ id }) => id).filter(id => id.startsWith('file-'));
        expect(ids.sort()).to.deep.equal(files.sort());
      }),
    );
  });
});
