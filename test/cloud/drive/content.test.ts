import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Content, contentOf } from './content.ts';

async function collect(content: Content, start: number, end: number): Promise<Buffer> {
  const slices: Buffer[] = [];
  for await (const slice of content.slices(start, end)) slices.push(slice);
  return Buffer.concat(slices);
}

describe('content of the local Drive', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'content-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is the same bytes in whichever pieces it is taken', async () => {
    const generated = contentOf({ size: 9_500_000, seed: 3 });
    const path = join(folder, 'bytes');
    writeFileSync(path, generated.bytes());
    const md5 = createHash('md5').update(generated.bytes()).digest('hex');
    for (const content of [generated, contentOf({ path }), contentOf(generated.bytes())]) {
      expect([content.size, content.md5()]).to.eql([9_500_000, md5]);
      for (const [start, end] of [
        [0, 1],
        [31, 33],
        [4_194_290, 4_194_320],
        [8_000_000, 9_500_000],
        [5, 5],
      ] as const) {
        const wanted = generated.bytes().subarray(start, end);
        expect((await collect(content, start, end)).equals(wanted), `${start}-${end}`).to.equal(true);
      }
    }
  });

  it('differs from seed to seed, and does not repeat in any sensible size of part', () => {
    const [one, other] = [1, 2].map(seed => contentOf({ size: 100, seed }).md5());
    expect(one).not.to.equal(other);
    const bytes = contentOf({ size: 32 << 20, seed: 1 }).bytes();
    for (const part of [1 << 20, 4 << 20, 5 << 20, 8 << 20, 16 << 20]) {
      expect(bytes.subarray(part, part + 64).equals(bytes.subarray(0, 64)), `${part}`).to.equal(false);
      expect(bytes.subarray(part + 64, part + 128).equals(bytes.subarray(64, 128)), `${part}`).to.equal(
        false,
      );
    }
  });

  it('may be shorter than the digest of its seed', () => {
    for (const size of [0, 1, 3, 31, 33]) expect(contentOf({ size, seed: 1 }).bytes()).to.have.length(size);
  });
});
