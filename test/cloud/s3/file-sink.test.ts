import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileSink } from './file-sink.ts';

describe('The file that a body is written to', () => {
  let folder: string;
  const chunk = (i: number) => Buffer.alloc(300_000, i);

  const write = async (sink: FileSink, count: number) => {
    for (let i = 0; i < count; i++) {
      if (!sink.write(chunk(i))) await new Promise<void>(resolve => sink.onDrain(resolve));
    }
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'file-sink-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const count of [0, 1, 3, 4, 5, 20]) {
    it(`holds ${count} chunks in their order, in the accepted place only`, async () => {
      const sink = new FileSink({ incoming: join(folder, 'in'), accepted: join(folder, 'out') });
      await write(sink, count);
      const path = await sink.accept();
      const whole = Buffer.concat(Array.from({ length: count }, (_, i) => chunk(i)));
      expect(readFileSync(path).equals(whole)).to.equal(true);
      expect(readdirSync(folder)).to.deep.equal(['out']);
    });

    it(`is gone after ${count} chunks were given up`, async () => {
      const sink = new FileSink({ incoming: join(folder, 'in'), accepted: join(folder, 'out') });
      await write(sink, count);
      await sink.discard();
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it(`is not accepted when the disk failed (${count} chunks)`, async () => {
      const sink = new FileSink({ incoming: join(folder, 'no', 'in'), accepted: join(folder, 'no', 'out') });
      await write(sink, count);
      const error = await sink.accept().catch(reason => reason);
      expect(error).to.have.property('code', 'ENOENT');
    });
  }
});
