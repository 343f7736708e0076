import { expect } from 'chai';
import { measuredMbit } from '../../../src/run/progress/bandwidth.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { streamOf } from '../../byte-stream.ts';
import { fileRecord } from '../../stages/flow.ts';

const LIMITS = { bytes: 10_000_000, ms: 60_000 };

describe('The measured bandwidth', () => {
  /** Gives chunks of 100 kB, each of which takes so long; tells what was asked for. */
  function line(msAChunk: number, chunks = Infinity) {
    const clock = { ms: 0 };
    const asked: string[] = [];
    const given = { chunks: 0 };
    const source = {
      async download({ id }: FileRecord, onBytes: (count: number) => void) {
        asked.push(id);
        const pieces = async function* () {
          for (let index = 0; index < chunks; index += 1) {
            clock.ms += msAChunk;
            given.chunks += 1;
            yield Buffer.alloc(100_000);
          }
        };
        return streamOf(pieces(), onBytes);
      },
    };
    return { source, asked, given, now: () => clock.ms };
  }

  it('is what comes in the time in which it comes, and no more of it than is needed', async () => {
    const { source, given, now } = line(10);
    const mbit = await measuredMbit(source, [fileRecord({ size: 5 })], { limits: LIMITS, now });
    expect(mbit).to.be.closeTo(80, 0.1);
    expect(given.chunks).to.be.at.most(104);
  });

  it('ends after its time, however slow the line is', async () => {
    const source = {
      async download(_record: FileRecord, onBytes: (count: number) => void, signal?: AbortSignal) {
        const pieces = async function* () {
          yield Buffer.alloc(1);
          await new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
        };
        return streamOf(pieces(), onBytes);
      },
    };
    expect(await measuredMbit(source, [fileRecord()], { limits: { ...LIMITS, ms: 5 } })).to.equal(null);
  });

  it('is unknown when nothing comes, and when there is nothing to ask for', async () => {
    const broken = {
      download: async () => {
        throw new Error('gone');
      },
    };
    expect(await measuredMbit(broken, [fileRecord()], { limits: LIMITS })).to.equal(null);
    expect(await measuredMbit(broken, [], { limits: LIMITS })).to.equal(null);
  });
});
