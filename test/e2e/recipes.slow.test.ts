/** The recipes of docs/manifests.md that change something, typed as they stand there, and what arrives then. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StageName } from '../../stages/record.ts';
import { textOf, typedIn } from '../docs/fences.ts';
import { lacking, Typist } from '../docs/typist.ts';
import { mediaOf, meter, recordsIn, statuses } from './sandbox.ts';

const RECIPES = typedIn(textOf('docs/manifests.md'));

/** The one recipe that has this line in it. */
function recipeWith(line: string): string {
  const found = RECIPES.filter(({ text }) => text.includes(line));
  expect(found, `recipes with "${line}"`).to.have.length(1);
  return found[0]!.text;
}

describe('a recipe of docs/manifests.md', function () {
  this.timeout(180_000);
  let typist: Typist;
  beforeEach(async () => {
    typist = await Typist.sitDown();
  });
  afterEach(() => typist.leave());

  const latest = (stage: StageName) => {
    const records = typist.home.manifest(typist.sample.folderId, stage);
    return [...new Map(records.map(record => [record.id, record])).values()];
  };
  const keysOf = ({ sandbox }: Typist) =>
    sandbox.cloud.s3
      .objects()
      .map(({ key }) => key)
      .sort();
  const puts = (counts: Record<string, number>) => counts['s3 PutObject'] ?? 0;

  /** What needs a tool that is not at hand is left out, and mocha says so. */
  const recipe = (title: string, line: string, check: (text: string) => Promise<void>) => {
    const text = recipeWith(line);
    const missing = lacking(text);
    if (missing.length > 0) it.skip(`${title} (left out: this computer has no ${missing.join(', ')})`);
    else it(title, () => check(text));
  };

  /** Without the ids of observations, which are others in another cloud. */
  const arrivedIn = (where: Typist) => ({
    names: keysOf(where)
      .map(key => key.replace(/^media\/[^/]+\//, ''))
      .sort(),
    links: mediaOf(where.sandbox.cloud)
      .map(({ sequentialId, type }) => `${sequentialId} ${type}`)
      .sort(),
  });
  const migratedAtOnce = async () => {
    const other = await Typist.sitDown();
    try {
      await other.type('migrator migrate');
      return arrivedIn(other);
    } finally {
      await other.leave();
    }
  };

  recipe('in four processes moves each file once, and what one process would', 'split -n r/4', async text => {
    const { cloud } = typist.sandbox;
    const count = meter(cloud);
    const { output } = await typist.type(text);
    expect(puts(count()), output).to.equal(keysOf(typist).length);
    const shards = ['aa', 'ab', 'ac', 'ad'].map(name =>
      recordsIn(readFileSync(join(typist.place, `shard.${name}`), 'utf8')).map(({ id }) => id),
    );
    for (const ids of shards) expect(ids).to.not.be.empty;
    expect(new Set(shards.flat()).size).to.equal(shards.flat().length);
    for (const record of latest('link').filter(({ url }) => url))
      expect(cloud.s3.read(record.key!).equals(cloud.drive.tree.read(record.id)), record.name).to.equal(true);
    expect(arrivedIn(typist)).to.deep.equal(await migratedAtOnce());
  });

  recipe('moves the photos and leaves the videos for later', 'photos.ndjson', async text => {
    await typist.type(text);
    const linked = latest('link');
    expect(linked.some(({ url }) => url)).to.equal(true);
    expect(new Set(linked.map(({ type }) => type))).to.deep.equal(new Set(['IMAGE']));
    const photos = keysOf(typist);
    const count = meter(typist.sandbox.cloud);
    await typist.type('migrator resume');
    const videos = keysOf(typist).filter(key => !photos.includes(key));
    expect(videos).to.not.be.empty;
    for (const key of videos) expect(key).to.match(/\.(mp4|mov|avi)$/i);
    expect(puts(count())).to.equal(videos.length);
  });

  recipe('links a file to what a person says it shows', 'answer.ndjson', async text => {
    await typist.type(text);
    const record = latest('link').find(({ name }) => name === '6602A.jpg')!;
    expect(record).to.include({ status: 'completed', type: 'IMAGE' });
    expect(record.observations?.map(({ sequentialId }) => sequentialId)).to.deep.equal([6602]);
    expect(keysOf(typist)).to.include(record.key);
  });

  recipe('tries a part of the stopped files again, and those alone', 'again.ndjson', async text => {
    const [first = '', ...rest] = text.split('\n');
    await typist.type(first);
    const { tree } = typist.sandbox.cloud.drive;
    const stopped = latest('link').find(({ error }) => error?.code === 'cannotDownloadFile')!;
    tree.get(stopped.id).canDownload = true;
    const before = statuses(latest('link'));
    await typist.type(rest.join('\n'));
    const after = statuses(latest('link'));
    expect(latest('link').find(({ id }) => id === stopped.id)?.status).to.equal('completed');
    expect(after.needs_review).to.equal(before.needs_review! - 1);
    expect(after.completed).to.equal(before.completed! + 1);
  });

  recipe('leaves the files of a folder out', 'startswith("1-500") | not', async text => {
    await typist.type(text);
    const resolved = recordsIn(readFileSync(join(typist.place, 'resolved.ndjson'), 'utf8'));
    expect(resolved).to.not.be.empty;
    expect(resolved.filter(({ path = '' }) => path.startsWith('1-500'))).to.be.empty;
    expect(keysOf(typist)).to.be.empty;
  });
});
