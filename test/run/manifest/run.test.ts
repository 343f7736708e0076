import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { lineOf } from '../../../src/run/manifest/record-line.ts';
import { Run } from '../../../src/run/manifest/run.ts';
import { lastRunOf, noRun } from '../../../src/run/which-run.ts';
import type { FileRecord, StageName } from '../../../stages/record.ts';
import { type Scratch, scratchFolder } from '../../config/scratch.ts';
import { all, fileRecord } from '../../stages/flow.ts';

describe('A run', () => {
  let scratch: Scratch;
  let home: string;
  let run: Run;

  beforeEach(async () => {
    scratch = await scratchFolder();
    home = scratch.folder;
    run = new Run(home, 'folder-1');
  });
  afterEach(() => scratch.remove());

  function put(stage: StageName, records: FileRecord[], of = run): void {
    mkdirSync(of.folder, { recursive: true });
    writeFileSync(of.pathOf(stage), records.map(lineOf).join(''));
  }

  const latest = () => all(run.latest(() => {}));
  const at = (id: string, stage: string) => fileRecord({ id, stage });

  it('lies below the home folder, a manifest a stage', () => {
    expect(run.pathOf('list')).to.equal(join(home, 'runs', 'folder-1', 'list.ndjson'));
    expect(run.rejectedPathOf('link')).to.equal(join(home, 'runs', 'folder-1', 'link.rejected.ndjson'));
  });

  it('exists once it has a manifest', () => {
    expect(run.exists).to.equal(false);
    run.lock('x');
    run.unlock();
    expect(run.exists).to.equal(false);
    put('parse', []);
    expect(run.exists).to.equal(true);
    expect(run.has('parse')).to.equal(true);
    expect(run.has('list')).to.equal(false);
  });

  it('refuses a folder id that would lead out of its place', () => {
    for (const id of ['../x', 'a/b', '', '.']) expect(() => new Run(home, id), id).to.throw('is not the id');
  });

  it('has one writer at a time', () => {
    run.lock('migrator migrate');
    expect(() => new Run(home, 'folder-1').lock('migrator resume')).to.throw('"migrator migrate"');
    new Run(home, 'folder-2').lock('migrator migrate');
    run.unlock();
    new Run(home, 'folder-1').lock('migrator resume');
  });

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

  it('shows nothing when there is nothing', async () => {
    expect(await latest()).to.deep.equal([]);
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

  it('is listed once somebody says so, and not before', () => {
    run.lock('x');
    put('list', []);
    expect(run.isListed).to.equal(false);
    run.markListed();
    expect(run.isListed).to.equal(true);
    expect(new Run(home, 'folder-1').isListed).to.equal(true);
  });

  it('is not listed without its manifest, whatever was said', () => {
    run.lock('x');
    run.markListed();
    expect(run.isListed).to.equal(false);
  });

  it('that was put together by hand is listed: its manifest is all there is', () => {
    put('list', [at('a', 'list')]);
    expect(run.isListed).to.equal(true);
    run.lock('x');
    run.unlock();
    expect(run.isListed, 'a killed listing is not mistaken for it').to.equal(false);
  });

  it('keeps the time when it was started', () => {
    run.lock('x');
    const { startedAt } = run;
    expect(new Date(startedAt).toISOString()).to.equal(startedAt);
    run.unlock();
    run.lock('y');
    run.markListed();
    expect(new Run(home, 'folder-1').startedAt).to.equal(startedAt);
    const facts = JSON.parse(readFileSync(join(run.folder, 'run.json'), 'utf8'));
    expect(facts).to.include({ folder_id: 'folder-1', started_at: startedAt });
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

  it('is not looked for in what others leave in the folder of runs', () => {
    put('list', []);
    writeFileSync(join(home, 'runs', '.DS_Store'), '');
    mkdirSync(join(home, 'runs', 'a folder of mine'));
    writeFileSync(join(home, 'runs', 'notes.txt'), '');
    expect(lastRunOf(home)).to.equal('folder-1');
  });

  it('that is not there is an error that says how to start one', () => {
    expect(noRun('for x')).to.include({ code: 'no_run', message: 'There is no run for x.' });
    expect(noRun('for x').remedy).to.contain('migrator scan');
  });
});
