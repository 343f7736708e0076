import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { parseBandwidth } from '../../../src/config/bandwidth.ts';
import { BandwidthLimit } from '../../../src/services/drive/bandwidth-limit.ts';

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, i) => i % 251));
const stream = (content: Buffer) => Readable.from([content], { objectMode: false });

describe('the bandwidth limit', () => {
  it('passes the same bytes, of several files together no faster than allowed', async () => {
    const limit = new BandwidthLimit(parseBandwidth('200k')!);
    const content = bytes(30_000);
    const start = performance.now();
    let counted = 0;
    const count = (length: number) => {
      counted += length;
    };
    const passed = await Promise.all([1, 2, 3].map(() => buffer(limit.apply(stream(content), count))));
    expect(counted).to.equal(90_000);
    // 90,000 bytes at 204,800 a second.
    expect(performance.now() - start).to.be.at.least(400);
    for (const each of passed) expect(each.equals(content)).to.equal(true);
  });

  it('follows the clock while a file moves', async () => {
    let hour = 9;
    const limit = new BandwidthLimit(
      parseBandwidth('08:00,1k 18:00,off')!,
      () => new Date(2026, 10, 2, hour),
    );
    const iterator = limit.apply(stream(bytes(100_000)), () => {})[Symbol.asyncIterator]();
    expect((await iterator.next()).value).to.have.length(128);
    hour = 18;
    let rest = 0;
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      rest += next.value.length;
    expect(rest).to.equal(100_000 - 128);
  });

  it('passes an error on, and gives the source up with its result', async () => {
    const limit = new BandwidthLimit(parseBandwidth('1M')!);
    const broken = new Readable({
      read() {
        this.destroy(new Error('the line broke'));
      },
    });
    const failure = await buffer(limit.apply(broken, () => {})).catch(error => error);
    expect(failure).to.have.property('message', 'the line broke');

    const source = new Readable({
      read() {
        this.push(bytes(100));
      },
    });
    const limited = limit.apply(source, () => {});
    await limited[Symbol.asyncIterator]().next();
    limited.destroy();
    await new Promise(resolve => source.once('close', resolve));
    expect(source.destroyed).to.equal(true);
  });
});
