import { crc32, inflateSync } from 'node:zlib';
import { expect } from 'chai';
import { HEIGHT, WIDTH } from './picture.ts';
import { type SampleExtension, sampleMedia } from './sample-media.ts';

const ALL: SampleExtension[] = ['jpg', 'jpeg', 'jfif', 'png', 'gif', 'mp4', 'mov', 'avi'];
const isJpeg = (bytes: Buffer) =>
  bytes.readUInt16BE(0) === 0xffd8 && bytes.readUInt16BE(bytes.length - 2) === 0xffd9;

/** The boxes of an ISO file at one level, by type. */
function boxes(bytes: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    found.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + bytes.readUInt32BE(at)));
  }
  return found;
}

describe('sample media', () => {
  for (const extension of ALL) {
    it(`is the same ${extension} for the same seed and another for another`, () => {
      const [one, again, other] = [3, 3, 4].map(seed => sampleMedia(extension, seed));
      expect(one!.equals(again!)).to.equal(true);
      expect(one!.equals(other!)).to.equal(false);
      expect(one!.length).to.be.lessThan(40_000);
    });
  }

  it('makes JPEG of complete segments', () => {
    const bytes = sampleMedia('jpg', 5);
    expect(isJpeg(bytes)).to.equal(true);
    const markers: number[] = [];
    let at = 2;
    while (markers.at(-1) !== 0xda) {
      expect(bytes[at]).to.equal(0xff);
      markers.push(bytes[at + 1]!);
      at += 2 + bytes.readUInt16BE(at + 2);
    }
    expect(markers).to.eql([0xe0, 0xfe, 0xdb, 0xc0, 0xc4, 0xc4, 0xda]);
    const scan = bytes.subarray(at, -2);
    scan.forEach((byte, index) => {
      if (byte === 0xff) expect(scan[index + 1]).to.equal(0);
    });
  });

  it('makes PNG with sound checksums and every scanline', () => {
    let bytes = sampleMedia('png', 5).subarray(8);
    const chunks = new Map<string, Buffer>();
    while (bytes.length > 0) {
      const length = bytes.readUInt32BE(0);
      const typed = bytes.subarray(4, 8 + length);
      expect(bytes.readUInt32BE(8 + length)).to.equal(crc32(typed));
      chunks.set(typed.toString('latin1', 0, 4), typed.subarray(4));
      bytes = bytes.subarray(12 + length);
    }
    expect([...chunks.keys()]).to.eql(['IHDR', 'tEXt', 'IDAT', 'IEND']);
    expect(inflateSync(chunks.get('IDAT')!)).to.have.length(HEIGHT * (1 + 3 * WIDTH));
  });

  it('makes GIF that ends where it should', () => {
    const bytes = sampleMedia('gif', 5);
    expect(bytes.toString('latin1', 0, 6)).to.equal('GIF89a');
    expect([bytes.readUInt16LE(6), bytes.readUInt16LE(8), bytes.at(-1)]).to.eql([WIDTH, HEIGHT, 0x3b]);
  });

  for (const format of ['mp4', 'mov'] as const) {
    it(`makes ${format} whose tables lead to the frames`, () => {
      const bytes = sampleMedia(format, 5);
      const top = boxes(bytes);
      expect([...top.keys()]).to.eql(['ftyp', 'mdat', 'moov']);
      expect(top.get('ftyp')!.toString('latin1', 0, 4)).to.equal(format === 'mp4' ? 'isom' : 'qt  ');
      let inner = top;
      for (const type of ['moov', 'trak', 'mdia', 'minf', 'stbl']) inner = boxes(inner.get(type)!);
      expect(inner.get('stsd')!.toString('latin1', 12, 16)).to.equal(format === 'mp4' ? 'mp4v' : 'jpeg');
      const sizes = inner.get('stsz')!;
      let at = inner.get('stco')!.readUInt32BE(8);
      for (let frame = 0; frame < sizes.readUInt32BE(8); frame++) {
        const size = sizes.readUInt32BE(12 + frame * 4);
        expect(isJpeg(bytes.subarray(at, at + size))).to.equal(true);
        at += size;
      }
      expect(at).to.equal(8 + top.get('ftyp')!.length + 8 + top.get('mdat')!.length);
    });
  }

  it('makes AVI whose index leads to the frames', () => {
    const bytes = sampleMedia('avi', 5);
    expect(bytes.readUInt32LE(4)).to.equal(bytes.length - 8);
    const movi = bytes.indexOf('movi');
    const index = bytes.lastIndexOf('idx1');
    const entries = bytes.readUInt32LE(index + 4) / 16;
    expect(entries).to.equal(12);
    for (let entry = 0; entry < entries; entry++) {
      const row = index + 8 + entry * 16;
      const start = movi + bytes.readUInt32LE(row + 8);
      expect(bytes.toString('latin1', start, start + 4)).to.equal('00dc');
      expect(isJpeg(bytes.subarray(start + 8, start + 8 + bytes.readUInt32LE(row + 12)))).to.equal(true);
    }
  });
});
