import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { recordsInStream } from '../../../src/run/manifest/lines.ts';
import { type BadLine, lineOf } from '../../../src/run/manifest/record-line.ts';
import { all, anyRecords, fileRecord } from '../../stages/flow.ts';

const a = fileRecord({ id: 'a' });
const b = fileRecord({ id: 'b', name: 'ק€𝄞.jpg' });

/** The text as a stream, in pieces of so many bytes. */
function streamOf(text: string, bytesAPiece = 1024): Readable {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += bytesAPiece) pieces.push(bytes.subarray(at, at + bytesAPiece));
  return Readable.from(pieces, { objectMode: false });
}

function read(text: string, bytesAPiece?: number) {
  return all(recordsInStream(streamOf(text, bytesAPiece), { name: 'standard input' }));
}

describe('Records from a stream', () => {
  it('are the same however the stream is cut into pieces', async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(anyRecords(), size, async (records, bytesAPiece) => {
        const named = records.map((record, index) => ({ ...record, name: ['ק', '€', '𝄞'][index % 3]! }));
        const text = named.map(lineOf).join('');
        expect((await read(text, bytesAPiece)).map(lineOf).join('')).to.equal(text);
      }),
    );
  });

  it('are set aside when they are nested too deep or longer than 16 MiB, which is not kept in memory', async () => {
    const deep = `{"id":"x","name":"y","note":${'['.repeat(5000)}${']'.repeat(5000)}}\n`;
    const block = Buffer.alloc(1024 * 1024, 'x');
    const source = function* () {
      yield Buffer.from(lineOf(a) + deep);
      for (let mebibyte = 0; mebibyte < 40; mebibyte += 1) yield block;
      yield Buffer.from(`\n${lineOf(b)}`);
    };
    const rejected: [number, string][] = [];
    const reject = (line: string, { message }: BadLine) => rejected.push([line.length, message]);
    const stream = Readable.from(source(), { objectMode: false });
    const records = await all(recordsInStream(stream, { name: 'standard input', reject }));
    expect(records).to.deep.equal([a, b]);
    expect(rejected.map(([, message]) => message)).to.deep.equal([
      'standard input, line 2, column 1: it is nested more than 100 deep.',
      'standard input, line 3, column 1: it is longer than 16 MiB.',
    ]);
    expect(rejected[1]![0]).to.equal(16 * 1024 * 1024 + 1);
  });

  it('are read no further than they are wanted, but for what is on its way', async () => {
    let given = 0;
    const endless = Readable.from(
      (async function* () {
        for (;;) yield Buffer.from(lineOf(fileRecord({ id: `f${given++}` })));
      })(),
      { objectMode: false, highWaterMark: 1024 },
    );
    const records = recordsInStream(endless, { name: 'x' });
    expect((await records.next()).value).to.include({ id: 'f0' });
    for (let turn = 0; turn < 200; turn += 1) await new Promise(resolve => setImmediate(resolve));
    const soFar = given;
    expect(soFar).to.be.below(2000);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve));
    expect(given).to.equal(soFar);
    await records.return(undefined);
    endless.destroy();
  });
});
