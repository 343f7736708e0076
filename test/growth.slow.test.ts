/** What a record costs in memory and on disk, so that a run of a million files fits; counted, not timed. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { chain } from 'stream-chain';
import { checkpointOf } from '../src/run/manifest/checkpoint.ts';
import { ManifestFile } from '../src/run/manifest/manifest-file.ts';
import { lineOf } from '../src/run/manifest/record-line.ts';
import { runToEnd, sourceOf } from '../src/run/pipeline.ts';
import { Claims } from '../stages/claims.ts';
import { Shutdown } from '../stages/flow/shutdown.ts';
import { list } from '../stages/list.ts';
import { ObservationFinder } from '../stages/observation-finder.ts';
import type { FileRecord } from '../stages/record.ts';
import { type Scratch, scratchFolder } from './config/scratch.ts';

const RECORDS = 40_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function bytesHeld(): number {
  // What one collection leaves to be swept in the background, the next one has to wait for.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What is held, beside what was held before, for each of the records. */
async function bytesARecord(work: () => unknown): Promise<number> {
  const before = bytesHeld();
  const held = await work();
  const after = bytesHeld();
  expect(held).not.to.equal(undefined);
  return (after - before) / RECORDS;
}

function record(index: number): FileRecord & { key: string } {
  const observation = `3f0c7a52-1111-4222-8333-${String(index).padStart(12, '0')}`;
  const made: FileRecord & { key: string } = {
    id: `1KjLmNoPqRsTuVwXyZ012345${String(index).padStart(9, '0')}`,
    name: `${index}.jpg`,
    path: '6000-6999',
    md5: String(index).padStart(32, '0'),
    sequentialIds: [index],
    observations: [{ sequentialId: index, id: observation }],
    key: `media/${observation}/${index}.jpg`,
    status: 'pending',
  };
  // As it comes from a manifest: without the pieces that template strings keep.
  return JSON.parse(JSON.stringify(made));
}

function* records(): Generator<FileRecord & { key: string }> {
  for (let index = 0; index < RECORDS; index += 1) yield record(index);
}

describe('A record costs', () => {
  let scratch: Scratch;
  let path: string;

  before(async () => {
    scratch = await scratchFolder();
    path = join(scratch.folder, 'list.ndjson');
    writeFileSync(path, [...records()].map(lineOf).join(''));
  });
  after(() => scratch.remove());

  const opened = () => ManifestFile.open(path, { write: true, warn: () => {} });

  it('a manifest at most 150 bytes of memory', async () => {
    // Code that runs for the first time takes memory of its own.
    await (await opened()).close();
    let manifest: ManifestFile | undefined;
    const bytes = await bytesARecord(async () => {
      manifest = await opened();
      return manifest;
    });
    expect([...manifest!.records()]).to.have.length(RECORDS);
    expect(bytes).to.be.below(150);
    await manifest!.close();
  });

  it('resolve at most 450 bytes of memory for its claims', async () => {
    const claims = new Claims();
    const bytes = await bytesARecord(() => {
      for (const each of records()) claims.take(each);
      return claims;
    });
    expect(bytes).to.be.below(450);
    expect(claims.take({ ...record(1), id: 'other' }).error).to.include({ code: 'duplicate' });
  });

  it('the finder of observations at most 250 bytes of memory', async () => {
    const page = (first: number) =>
      Array.from({ length: 1000 }, (_, index) => ({ ...record(first + index).observations![0]! }));
    const finder = new ObservationFinder({
      async *sweep() {
        for (let first = 0; first < RECORDS; first += 1000) yield page(first);
      },
      index: async () => null,
    });
    const bytes = await bytesARecord(async () => {
      await finder.find([1]);
      return finder;
    });
    expect(bytes).to.be.below(250);
    expect((await finder.find([7])).get(7)).to.deep.equal(record(7).observations);
  });

  it('list at most 180 bytes of memory', async () => {
    const items = (first: number) =>
      Array.from({ length: 1000 }, (_, index) => {
        const { id, name, md5 = null } = record(first + index);
        const file = { id, name, md5, mimeType: 'image/jpeg', size: 1, modifiedTime: '' };
        return { ...file, parents: ['root'], trashed: false, shortcut: null };
      });
    const folder = { ...items(0)[0]!, id: 'root', mimeType: 'application/vnd.google-apps.folder' };
    const children = async function* () {
      for (let first = 0; first < RECORDS; first += 1000) yield items(first);
    };
    const listing = list({ children, item: async () => folder }, { id: 'root' });
    const bytes = await bytesARecord(async () => {
      for (let count = 0; count < RECORDS; count += 1) await listing.next();
      return listing;
    });
    await listing.return(undefined);
    expect(bytes).to.be.below(180);
  });

  it('no byte on disk, and is not even written as text, when a run finds it as it was', async () => {
    const manifest = await opened();
    const { mtimeMs, size } = statSync(path);
    const { restore, save } = checkpointOf(manifest, { stage: 'parse', retryOrphans: false });
    let count = 0;
    const untouched = (given: FileRecord) => {
      const toJSON = () => expect.fail('a record that nothing has changed was written as text');
      return Object.defineProperty(given, 'toJSON', { value: toJSON });
    };
    const take = () => {
      count += 1;
    };
    await runToEnd(chain([sourceOf(records()), restore, untouched, save]), take, new Shutdown());
    await manifest.close();
    expect(count).to.equal(RECORDS);
    expect(statSync(path)).to.include({ mtimeMs, size });
  });

  it('its own line on disk, once, when a run changes it', async () => {
    const before = statSync(path).size;
    const manifest = await opened();
    const { restore, save } = checkpointOf(manifest, { stage: 'parse', retryOrphans: false });
    const changing = (given: FileRecord): FileRecord =>
      given.name === '17.jpg' ? { ...given, status: 'completed' } : given;
    for (let time = 0; time < 2; time += 1) {
      const stream = chain([sourceOf(records()), restore, changing, save]);
      await runToEnd(stream, () => {}, new Shutdown());
    }
    await manifest.close();
    const added = readFileSync(path).subarray(before).toString();
    expect(added).to.equal(lineOf({ ...record(17), status: 'completed' }));
  });
});
