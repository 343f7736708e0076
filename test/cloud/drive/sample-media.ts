/** Real, small media: what the demo migrates and what a browser can show afterwards. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { projectRoot } from '../../project-root.ts';

const FORMATS = {
  jpg: 'jpg',
  jpeg: 'jpg',
  jfif: 'jpg',
  png: 'png',
  gif: 'gif',
  mp4: 'mp4',
  mov: 'mov',
  avi: 'avi',
};

export type SampleExtension = keyof typeof FORMATS;

/** A valid file of the format; the same for the same seed, other bytes for another. Less than 12 kB. */
export function sampleMedia(extension: SampleExtension, seed: number): Buffer {
  const format = FORMATS[extension];
  const file = readFileSync(join(projectRoot(), 'test/fixtures/media', `sample.${format}`));
  return withComment(file, format, Buffer.from(`sample ${String(seed).padStart(9, '0')}`));
}

/** The seed goes where each format has room for remarks. `comment` has an even length. */
function withComment(file: Buffer, format: string, comment: Buffer): Buffer {
  const insert = (at: number, ...parts: (Buffer | number[])[]) =>
    Buffer.concat([file.subarray(0, at), ...parts.map(part => Buffer.from(part)), file.subarray(at)]);
  const { length } = comment;
  switch (format) {
    case 'jpg':
      return insert(2, [0xff, 0xfe, 0, length + 2], comment);
    case 'gif':
      return insert(file.length - 1, [0x21, 0xfe, length], comment, [0]);
    case 'png': {
      const text = Buffer.concat([Buffer.from('tEXtComment\0'), comment]);
      return insert(file.length - 12, u32(text.length - 4), text, u32(crc32(text)));
    }
    case 'avi': {
      const longer = insert(file.length, Buffer.from('JUNK'), u32(length).reverse(), comment);
      longer.writeUInt32LE(longer.length - 8, 4);
      return longer;
    }
    default:
      return insert(file.length, u32(length + 8), Buffer.from('free'), comment);
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
