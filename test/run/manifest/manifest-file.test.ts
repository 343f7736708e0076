import fs, { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { Rejects } from '../../../src/run/manifest/lines.ts';
import { ManifestFile } from '../../../src/run/manifest/manifest-file.ts';
import { BadLine, lineOf } from '../../../src/run/manifest/record-line.ts';
import { RunError } from '../../../stages/errors.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { rejection, useScratch } from '../../config/scratch.ts';
import { fileRecord } from '../../stages/flow.ts';

const KIB = 1024;

describe('A manifest on disk', () => {
  const scratch = useScratch();
  let path: string;
  let warnings: string[];

  beforeEach(() => {
    path = join(scratch.folder, 'runs', 'list.ndjson');
    warnings = [];
  });

  const warn = (message: string) => void warnings.push(message);
  const opened = (more: { write?: boolean; reject?: Rejects['take'] } = {}) =>
    ManifestFile.open(path, { write: true, warn, ...more });

  async function holding(content: string | Buffer): Promise<void> {
    await (await opened()).close();
    writeFileSync(path, content);
  }

  async function recordsIn(more: { write?: boolean; reject?: Rejects['take'] } = {}): Promise<FileRecord[]> {
    const manifest = await opened(more);
    try {
      return [...manifest.records()];
    } finally {
      await manifest.close();
    }
  }

  async function append(...records: FileRecord[]): Promise<void> {
    const manifest = await opened();
    for (const record of records) manifest.append(record);
    await manifest.close();
  }

  const lines = (...records: FileRecord[]) => records.map(lineOf).join('');
  const a = fileRecord({ id: 'a' });
  const b = fileRecord({ id: 'b' });

  it('gives the error of a full disk, and until then the records that it has not taken', async () => {
    const { appendFileSync } = fs;
    const manifest = await opened();
    fs.appendFileSync = () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    syncBuiltinESMExports();
    try {
      manifest.append(a);
      await new Promise(setImmediate);
      expect(manifest.last('a')).to.deep.equal(a);
      expect(() => manifest.append(b)).to.throw(RunError, /disk is full/);
      expect(await rejection(manifest.close())).to.include({ code: 'disk_full' });
    } finally {
      fs.appendFileSync = appendFileSync;
      syncBuiltinESMExports();
    }
  });

  it('gives back what was appended before it has come to the disk', async () => {
    const manifest = await opened();
    const changed = { ...a, status: 'completed' as const };
    manifest.append(a);
    expect(manifest.last('a')).to.deep.equal(a);
    manifest.append(b);
    manifest.append(changed);
    expect(readFileSync(path, 'utf8'), 'on disk so far').to.equal('');
    expect(manifest.last('a')).to.deep.equal(changed);
    expect([...manifest.records()]).to.deep.equal([changed, b]);
    await manifest.flush();
    expect(manifest.last('a')).to.deep.equal(changed);
    await manifest.close();
  });

  it('lets the last line of an id hold, in the place of the first', async () => {
    const changed = { ...a, status: 'completed' as const };
    await append(a, b, changed);
    expect(await recordsIn()).to.deep.equal([changed, b]);
    const manifest = await opened();
    expect(manifest.has('a')).to.equal(true);
    expect(manifest.has('c')).to.equal(false);
    expect(manifest.last('a')).to.deep.equal(changed);
    expect(manifest.last('c')).to.equal(undefined);
    await manifest.close();
  });

  it('keeps lines of any length, also longer than it reads at a time', async () => {
    const long = [63, 64, 65, 200, 1023, 1024, 1025, 2500].map((kib, index) =>
      fileRecord({ id: `long-${index}`, note: `é${'x'.repeat(kib * KIB)}ק` }),
    );
    const records = long.flatMap((record, index) => [record, fileRecord({ id: `short-${index}` })]);
    await append(...records);
    expect((await recordsIn()).map(lineOf)).to.deep.equal(records.map(lineOf));
    const manifest = await opened();
    for (const record of records.toReversed())
      expect(lineOf(manifest.last(record.id)!)).to.equal(lineOf(record));
    await manifest.close();
  });

  it('keeps only records of the ids that its reader takes, and checks the others as well', async () => {
    await append(fileRecord({ id: 'a' }), fileRecord({ id: 'b' }), fileRecord({ id: 'c' }));
    const manifest = await ManifestFile.open(path, { write: false, warn, takes: id => id === 'b' });
    expect([...manifest.records()].map(({ id }) => id)).to.deep.equal(['b']);
    expect(manifest.has('a')).to.equal(false);
    await manifest.close();
    writeFileSync(path, '{"id":"a"}\n');
    const opening = () => ManifestFile.open(path, { write: false, warn, takes: id => id === 'b' });
    // More than once: the file of a failed attempt is closed before it fails, and not later, when its number is another's.
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(await rejection(opening())).to.be.instanceOf(BadLine);
  });

  it('cuts a torn last line off, with a warning that names file and line, and goes on behind the others', async () => {
    await holding(lines(a) + lineOf(b).slice(0, 25));
    await append(fileRecord({ id: 'c' }));
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain(path).and.to.contain('line 2').and.to.contain('cut off');
    expect(readFileSync(path, 'utf8')).to.equal(lines(a, fileRecord({ id: 'c' })));
  });

  it('keeps a whole last line that merely lacks its newline, without a warning', async () => {
    await holding(lines(a) + lineOf(b).trimEnd());
    expect(await recordsIn({ write: false })).to.deep.equal([a, b]);
    await append(fileRecord({ id: 'c' }));
    expect(await recordsIn()).to.deep.equal([a, b, fileRecord({ id: 'c' })]);
    expect(warnings).to.deep.equal([]);
  });

  it('does not take a whole last line with a wrong value for a torn one: that is a person who made a mistake', async () => {
    const content = lines(a) + lineOf(b).trimEnd().replace('pending', 'finished');
    await holding(content);
    const error = await rejection<BadLine>(opened());
    expect(error).to.be.instanceOf(BadLine);
    expect(error.message).to.contain('line 2').and.to.contain('"finished"');
    expect(readFileSync(path, 'utf8')).to.equal(content);
    expect(warnings).to.deep.equal([]);
  });

  it('reads what editors make of it: BOM, CRLF, blank lines, spaces, no newline at the end', async () => {
    const [first, second] = [a, b].map(record => lineOf(record).trim());
    await holding(`\ufeff${first}\r\n\r\n   \r\n\n  ${second}  `);
    expect(await recordsIn({ write: false })).to.deep.equal([a, b]);
    await append({ ...a, status: 'completed' }, fileRecord({ id: 'c' }));
    expect((await recordsIn()).map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      'a completed',
      'b pending',
      'c pending',
    ]);
    expect(warnings).to.deep.equal([]);
  });

  it('is empty when it holds nothing but blank lines', async () => {
    for (const content of ['', '\n', '\r\n\r\n', '\ufeff', '\ufeff\n', '   ']) {
      await holding(content);
      await append(a);
      expect(await recordsIn(), JSON.stringify(content)).to.deep.equal([a]);
    }
    expect(warnings).to.deep.equal([]);
  });

  it('refuses a line that is not JSON, with file, line and column, and changes nothing', async () => {
    const content = `${lines(a)}\n${lineOf(b).replace('"status":', '"status";')}${lines(a)}`;
    await holding(content);
    const error = await rejection<BadLine>(opened());
    expect(error).to.be.instanceOf(BadLine);
    const column = lineOf(b).indexOf('"status":') + '"status"'.length + 1;
    expect(error.message).to.contain(`${path}, line 3, column ${column}: `);
    expect(readFileSync(path, 'utf8')).to.equal(content);
  });

  it('sets lines aside that are not records, word for word and with the reason, when told to', async () => {
    const rejects = new Rejects(join(scratch.folder, 'aside', 'list.rejected.ndjson'));
    await holding(`${lines(a)}what is this?\n{"id":"c"}\n${lines(b)}`);
    expect(await recordsIn({ reject: rejects.take })).to.deep.equal([a, b]);
    expect(rejects.count).to.equal(2);
    const aside = readFileSync(rejects.path, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { line: string; reason: string });
    expect(aside.map(({ line }) => line)).to.deep.equal(['what is this?', '{"id":"c"}']);
    expect(aside[0]!.reason).to.contain('line 2');
    expect(aside[1]!.reason).to.contain('line 3').and.to.contain('"name"');
  });

  it('says which stage to run when it is read and does not exist', async () => {
    const error = await rejection<RunError>(opened({ write: false }));
    expect(error).to.be.instanceOf(RunError).and.include({ code: 'manifest_missing' });
    expect(error.message).to.contain(path);
  });

  it('says so when its place is taken by a folder', async () => {
    await scratch.put('runs/list.ndjson/x', '');
    const error = await rejection<RunError>(opened());
    expect(error).to.be.instanceOf(RunError).and.include({ code: 'foreign_file' });
  });

  it('gives the last record of each id after any appends, over any number of openings', async () => {
    const change = fc.record({
      id: fc.nat(8),
      note: fc.string({ unit: 'binary', maxLength: 12 }),
      reopen: fc.boolean(),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 25 }), async changes => {
        path = join(scratch.folder, `${round++}.ndjson`);
        const expected = new Map<string, FileRecord>();
        let manifest = await opened();
        for (const { id, note, reopen } of changes) {
          const record = fileRecord({ id: `f${id}`, note });
          expected.set(record.id, record);
          manifest.append(record);
          expect(manifest.last(record.id)).to.deep.equal(record);
          if (!reopen) continue;
          await manifest.close();
          manifest = await opened();
        }
        expect([...manifest.records()]).to.deep.equal([...expected.values()]);
        await manifest.close();
        expect(await recordsIn({ write: false })).to.deep.equal([...expected.values()]);
      }),
      { numRuns: 40 },
    );
  });

  it('loses at most the last record when it is cut short at any byte, and never makes up another', async () => {
    const records = ['é', '€', '𝄞', 'ק'].map(
      (name, index): FileRecord => ({
        id: `${index % 3}`,
        name,
        status: index === 3 ? 'completed' : 'pending',
      }),
    );
    const whole = Buffer.from(lines(...records));
    // Where each line ends, without its newline: from there on its record is whole.
    const ends = records.map((_, index) => Buffer.byteLength(lines(...records.slice(0, index + 1))) - 1);
    await holding('');
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      const left = new Map(
        records.filter((_, index) => ends[index]! <= length).map(record => [record.id, record]),
      );
      const manifest = await opened();
      expect([...manifest.records()], `${length} bytes`).to.deep.equal([...left.values()]);
      manifest.append(fileRecord({ id: 'next' }));
      await manifest.flush();
      expect(manifest.last('next')).to.deep.equal(fileRecord({ id: 'next' }));
      await manifest.close();
      expect(await recordsIn({ write: false })).to.deep.equal([...left.values(), fileRecord({ id: 'next' })]);
    }
  });

  it('never takes bytes that a crash left behind the last line for a record', async () => {
    for (const junk of ['\0\0\0\0', '{', '{"id":"x","name":"y"']) {
      await holding(lines(a) + junk);
      expect(await recordsIn(), JSON.stringify(junk)).to.deep.equal([a]);
      expect(readFileSync(path, 'utf8')).to.equal(lines(a));
    }
  });

  it('cuts off nothing that it has not written itself', async () => {
    await holding('');
    for (const foreign of ['hello', 'id,name', '"x"x']) {
      writeFileSync(path, lines(a) + foreign);
      expect((await rejection<BadLine>(recordsIn())).message).to.contain('line 2');
      expect(readFileSync(path, 'utf8')).to.equal(lines(a) + foreign);
    }
  });
});
