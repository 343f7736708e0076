import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { acceptRelaxed, byReason, review } from '../../src/results/review.ts';
import { lineOf } from '../../src/run/manifest/record-line.ts';
import { Run } from '../../src/run/manifest/run.ts';
import type { NameRules } from '../../stages/file-name.ts';
import { parse } from '../../stages/parse.ts';
import type { FileRecord, StageName } from '../../stages/record.ts';
import { useScratch } from '../config/scratch.ts';
import { fileRecord } from '../stages/flow.ts';

const RULES = { maxRange: 100, prefixes: false };
const STRICT: NameRules = { ...RULES, naming: 'strict' };

const errorOf = (stage: StageName, { code = 'some', retryable = false } = {}) => ({
  stage,
  code,
  message: `${code} went wrong`,
  retryable,
});

/** As parse leaves it under strict naming. */
const parsed = (name: string, fields: Partial<FileRecord> = {}) =>
  parse(fileRecord({ id: name, name, ...fields }), STRICT);

const readingsOf = async (records: FileRecord[], rules = RULES) =>
  Object.fromEntries(
    (await review(records, rules)).items.map(({ record, relaxed }) => [record.name, relaxed?.sequentialIds]),
  );

describe('A review', () => {
  it('groups by error code, the most frequent first, each in the order of the listing', async () => {
    const records = [
      fileRecord({ id: '1', status: 'orphan', error: errorOf('resolve', { code: 'no_observation' }) }),
      parsed('b.jpg'),
      parsed('6602.jpg'),
      parsed('a.jpg'),
      fileRecord({ id: '2', status: 'needs_review' }),
    ];
    const { total, items } = await review(records, RULES);
    expect(total).to.equal(5);
    expect(
      [...byReason(items)].map(([code, group]) => [code, ...group.map(({ record }) => record.id)]),
    ).to.deep.equal([
      ['name_unreadable', 'b.jpg', 'a.jpg'],
      ['no_observation', '1'],
      ['needs_review', '2'],
    ]);
  });

  it('reads names relaxedly that parse could not read, and guesses nothing', async () => {
    const document = { mimeType: 'application/vnd.google-apps.document' };
    const names = ['6602 (1).jpg', '4290.jfif', '5-3.jpg', '1-999.jpg', 'photo.jpg', '99999999999 a.jpg'];
    const records = [...names.map(name => parsed(name)), parsed('7 (1).jpg', document)];
    const none = undefined;
    expect(await readingsOf(records)).to.deep.equal({
      '6602 (1).jpg': [6602],
      '4290.jfif': [4290],
      '5-3.jpg': none,
      '1-999.jpg': none,
      'photo.jpg': none,
      '99999999999 a.jpg': none,
      '7 (1).jpg': none,
    });
  });

  it('reads no name of a file that another stage has stopped, or whose ids a person wrote', async () => {
    const stopped = { status: 'needs_review' as const, error: errorOf('resolve') };
    const byHand = { ...parsed('6603 (1).jpg'), sequentialIds: [1] };
    expect(await readingsOf([fileRecord({ name: '6602 (1).jpg', ...stopped }), byHand])).to.deep.equal({
      '6602 (1).jpg': undefined,
      '6603 (1).jpg': undefined,
    });
  });

  it('keeps to prefix rules and to the widest range of the configuration', async () => {
    const rules = { maxRange: 3, prefixes: true };
    const records = ['E6602 (1).jpg', '1-4 a.jpg'].map(name => parsed(name));
    const { items } = await review(records, rules);
    expect(items[0]!.relaxed).to.deep.include({ prefix: 'E', sequentialIds: [6602] });
    expect(items[1]!.relaxed).to.equal(null);
  });
});

describe('Accepting relaxed readings', () => {
  const scratch = useScratch();
  let run: Run;
  beforeEach(() => {
    run = new Run(scratch.folder, 'folder');
    mkdirSync(run.folder, { recursive: true });
  });

  const write = (stage: StageName, ...records: FileRecord[]) =>
    writeFileSync(run.pathOf(stage), records.map(lineOf).join(''));
  const text = (stage: StageName) => readFileSync(run.pathOf(stage), 'utf8');
  const last = async (stage: StageName, id: string) => {
    const manifest = await run.open(stage, { write: false, warn: () => {} });
    try {
      return manifest.last(id);
    } finally {
      await manifest.close();
    }
  };
  const accept = async () => {
    const { items } = await review(
      run.latest(() => {}),
      RULES,
    );
    const accepted = await acceptRelaxed(run, items, RULES, () => {});
    return accepted.map(({ record }) => record.id);
  };

  it('appends to the manifest of parse, with what people noted there, and what it says stops no more', async () => {
    const records = [parsed('6602 (1).jpg', { note: 'mine' }), parsed('photo.jpg'), parsed('1.jpg')];
    write('list', ...records.map(({ id, name }) => fileRecord({ id, name })));
    write('parse', ...records);
    const before = text('parse');
    expect(await accept()).to.deep.equal(['6602 (1).jpg']);
    expect(text('parse').startsWith(before)).to.equal(true);
    expect(text('parse').slice(before.length).trimEnd().split('\n')).to.have.length(1);
    const record = (await last('parse', '6602 (1).jpg'))!;
    expect(record).to.deep.include({ note: 'mine', sequentialIds: [6602], status: 'pending', type: 'IMAGE' });
    expect(record).not.to.have.property('error');
    expect(parse(record, STRICT)).to.deep.equal(record);
    expect(await accept()).to.deep.equal([]);
  });

  it('tells the manifest that says how far the file has come, and takes no object from it', async () => {
    const record = parsed('6602 (1).jpg');
    const object = { key: 'media/o/6602.jpg', url: 'https://b/k', etag: 'e', media: [] };
    for (const stage of ['list', 'parse', 'resolve'] as const) write(stage, record);
    write('transfer', { ...record, ...object });
    write('link', { ...record, ...object });
    const before = text('resolve') + text('transfer');
    await accept();
    expect(text('resolve') + text('transfer')).to.equal(before);
    expect(await last('link', record.id)).to.deep.include({ ...object, status: 'uploaded' });
    expect(
      (
        await review(
          run.latest(() => {}),
          RULES,
        )
      ).items,
    ).to.deep.equal([]);
  });

  it('leaves a file alone whose line a person has changed since', async () => {
    const record = parsed('6602 (1).jpg');
    for (const stage of ['list', 'parse', 'resolve'] as const) write(stage, record);
    appendFileSync(run.pathOf('parse'), lineOf({ ...record, sequentialIds: [7] }));
    const before = text('parse');
    expect(await accept()).to.deep.equal([]);
    expect(text('parse')).to.equal(before);
  });

  it('accepts nothing in a run that parse has no manifest of, and makes none', async () => {
    write('list', parsed('6602 (1).jpg'));
    expect(await accept()).to.deep.equal([]);
    expect(run.has('parse')).to.equal(false);
  });
});
