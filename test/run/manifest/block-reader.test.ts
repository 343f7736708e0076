import { appendFileSync, closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { BlockReader } from '../../../src/run/manifest/block-reader.ts';
import { type Scratch, scratchFolder } from '../../config/scratch.ts';

const KIB = 1024;

describe('Lines read back by their place', () => {
  let scratch: Scratch;
  let path: string;
  let fd: number;

  beforeEach(async () => {
    scratch = await scratchFolder();
    path = join(scratch.folder, 'lines');
    writeFileSync(path, '');
    fd = openSync(path, 'r');
  });
  afterEach(async () => {
    closeSync(fd);
    await scratch.remove();
  });

  it('are what was written, in any order, of any length, while the file grows', () => {
    const length = fc.oneof(
      { weight: 5, arbitrary: fc.nat(300) },
      fc.integer({ min: 60 * KIB, max: 200 * KIB }),
    );
    const step = fc.record({
      lengths: fc.array(length, { maxLength: 12 }),
      reads: fc.array(fc.nat(), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), steps => {
        writeFileSync(path, '');
        const reader = new BlockReader(fd);
        const lines: { offset: number; text: string }[] = [];
        let size = 0;
        for (const { lengths, reads } of steps) {
          for (const characters of lengths) {
            const text = `${lines.length}é`.padEnd(characters, '€');
            appendFileSync(path, `${text}\n`);
            lines.push({ offset: size, text });
            size += Buffer.byteLength(text) + 1;
          }
          for (const read of lines.length > 0 ? reads : []) {
            const { offset, text } = lines[read % lines.length]!;
            expect(reader.lineAt(offset) === text, `at ${offset} of ${size}`).to.equal(true);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('end with the file where it has no newline, and go on when it gets one', () => {
    const reader = new BlockReader(fd);
    writeFileSync(path, 'one\ntwo');
    expect(reader.lineAt(4)).to.equal('two');
    appendFileSync(path, ' and a half\nthree\n');
    expect(reader.lineAt(4)).to.equal('two and a half');
    expect(reader.lineAt(19)).to.equal('three');
  });

  it('are read anew when the file was cut off', () => {
    const reader = new BlockReader(fd);
    writeFileSync(path, 'one\ntorn');
    expect(reader.lineAt(4)).to.equal('torn');
    truncateSync(path, 4);
    reader.forget();
    appendFileSync(path, 'new\n');
    expect(reader.lineAt(4)).to.equal('new');
  });
});
