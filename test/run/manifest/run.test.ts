import { mkdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunEvents } from '../../../src/run/events.ts';
import { lineOf } from '../../../src/run/manifest/record-line.ts';
import { Run } from '../../../src/run/manifest/run.ts';
import { startProgressWriter, writeFailedFiles } from '../../../src/run/progress/projection.ts';
import { lastRunOf } from '../../../src/run/which-run.ts';
import type { FileRecord, StageName } from '../../../stages/record.ts';
import { useScratch } from '../../config/scratch.ts';
import { all, fileRecord } from '../../stages/flow.ts';

describe('A run', () => {
  const scratch = useScratch();
  let home: string;
  let run: Run;

  beforeEach(() => {
    home = scratch.folder;
    run = new Run(home, 'folder-1');
  });

  function put(stage: StageName, records: FileRecord[], of = run): void {
    mkdirSync(of.folder, { recursive: true });
    writeFileSync(of.pathOf(stage), records.map(lineOf).join(''));
  }

  it('that is large is not read whole by its shards for the progress file', async () => {
    put('list', [fileRecord({ id: 'a' })]);
    const shard = new Run(home, 'folder-1', { index: 1, count: 2 });
    expect(await startProgressWriter(home, shard, new RunEvents())()).to.include('progress_folder-1.json');
    truncateSync(shard.pathOf('list'), 257 * 1024 * 1024);
    expect(await startProgressWriter(home, shard, new RunEvents())()).to.equal('');
    expect(await writeFailedFiles(home, shard)).to.equal(null);
  });

  const latest = () => all(run.latest(() => {}));
  const at = (id: string, stage: string) => fileRecord({ id, stage });

  it('shows each file as far as it has come, in the order of the listing', async () => {
    put('list', [at('a', 'list'), at('b', 'list'), at('c', 'list'), at('d', 'list')]);
    put('parse', [at('a', 'parse'), at('b', 'parse'), at('c', 'parse')]);
    put('resolve', [at('c', 'resolve'), at('b', 'resolve')]);
    put('link', [at('c', 'link')]);
    expect((await latest()).map(({ id, stage }) => `${id} ${stage}`)).to.deep.equal([
      'a parse',
      'b resolve',
      'c link',
      'd list',
    ]);
  });

  it('leaves out files whose line was deleted from the listing', async () => {
    put('list', [at('b', 'list')]);
    put('link', [at('a', 'link'), at('b', 'link')]);
    expect((await latest()).map(({ id }) => id)).to.deep.equal(['b']);
  });

  it('can begin with any stage, when its first manifest came from elsewhere', async () => {
    put('resolve', [at('a', 'resolve'), at('b', 'resolve')]);
    put('transfer', [at('b', 'transfer')]);
    expect((await latest()).map(({ stage }) => stage)).to.deep.equal(['resolve', 'transfer']);
  });

  it('is shown while it is being written: a torn last line is left out with a warning', async () => {
    put('list', [at('a', 'list'), at('b', 'list')]);
    put('parse', [at('a', 'parse')]);
    writeFileSync(run.pathOf('parse'), lineOf(at('a', 'parse')) + lineOf(at('b', 'parse')).slice(0, 20));
    const warnings: string[] = [];
    const records = await all(run.latest(message => warnings.push(message)));
    expect(records.map(({ id, stage }) => `${id} ${stage}`)).to.deep.equal(['a parse', 'b list']);
    expect(warnings).to.have.length(1);
  });

  it('that was put together by hand is listed: its manifest is all there is', () => {
    put('list', [at('a', 'list')]);
    expect(run.isListed).to.equal(true);
    run.lock('x');
    run.unlock();
    expect(run.isListed, 'a killed listing is not mistaken for it').to.equal(false);
  });

  it('that was worked on last is found by its manifests', () => {
    expect(lastRunOf(home)).to.equal(null);
    const [older, newer] = [new Run(home, 'older'), new Run(home, 'newer')];
    put('list', [], newer);
    put('list', [], older);
    put('link', [], older);
    utimesSync(older.pathOf('list'), 100, 100);
    utimesSync(older.pathOf('link'), 200, 200);
    utimesSync(newer.pathOf('list'), 300, 300);
    mkdirSync(join(home, 'runs', 'empty'));
    expect(lastRunOf(home)).to.equal('newer');
    utimesSync(older.pathOf('link'), 400, 400);
    expect(lastRunOf(home)).to.equal('older');
  });
});
