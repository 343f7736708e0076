/**
 * MP4 (ISO/IEC 14496-12, -14) and QuickTime files with one track of JPEG frames. The two differ in the brand and in how
 * they name the codec: MPEG-4's object type 0x6C, or QuickTime's `jpeg`.
 */
import { HEIGHT, WIDTH } from './picture.ts';

export interface MovieOptions {
  format: 'mp4' | 'mov';
  frames: Buffer[];
  framesPerSecond: number;
}

export function movie({ format, frames, framesPerSecond }: MovieOptions): Buffer {
  const brands = format === 'mp4' ? ['isom', 'isom', 'iso2', 'mp41'] : ['qt  ', 'qt  '];
  const [major, ...compatible] = brands;
  const fileType = box('ftyp', text(major!), u32(0x200), ...compatible.map(text));
  const mediaData = box('mdat', ...frames);

  const duration = frames.length;
  const sampleTable = box(
    'stbl',
    fullBox('stsd', 0, u32(1), format === 'mp4' ? mpeg4Entry() : quickTimeEntry()),
    fullBox('stts', 0, u32(1), u32(frames.length), u32(1)),
    fullBox('stsc', 0, u32(1), u32(1), u32(frames.length), u32(1)),
    fullBox('stsz', 0, u32(0), u32(frames.length), ...frames.map(frame => u32(frame.length))),
    // All frames are one chunk, right behind the head of the mdat box.
    fullBox('stco', 0, u32(1), u32(fileType.length + 8)),
  );
  const dataReferences = box('dinf', fullBox('dref', 0, u32(1), fullBox('url ', 1)));
  const media = box(
    'mdia',
    // 0x55c4: language "und".
    fullBox('mdhd', 0, u32(0), u32(0), u32(framesPerSecond), u32(duration), u16(0x55c4), u16(0)),
    handler('vide'),
    box(
      'minf',
      fullBox('vmhd', 1, Buffer.alloc(8)),
      // QuickTime wants a handler for the data references as well, MP4 does not know one.
      ...(format === 'mov' ? [handler('alis', 'dhlr')] : []),
      dataReferences,
      sampleTable,
    ),
  );
  const track = box(
    'trak',
    fullBox(
      'tkhd',
      3,
      ...[0, 0, 1, 0, duration, 0, 0].map(u32),
      Buffer.alloc(8),
      UNITY_MATRIX,
      u32(WIDTH << 16),
      u32(HEIGHT << 16),
    ),
    media,
  );
  const movieHeader = fullBox(
    'mvhd',
    0,
    ...[0, 0, framesPerSecond, duration, 0x10000].map(u32),
    u16(0x100),
    Buffer.alloc(10),
    UNITY_MATRIX,
    Buffer.alloc(24),
    u32(2),
  );
  return Buffer.concat([fileType, mediaData, box('moov', movieHeader, track)]);
}

const UNITY_MATRIX = Buffer.concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

function mpeg4Entry(): Buffer {
  const decoderConfig = descriptor(0x04, Buffer.from([0x6c, 0x11, 0, 0, 0]), u32(0), u32(0));
  const elementary = descriptor(
    0x03,
    u16(1),
    Buffer.from([0]),
    decoderConfig,
    descriptor(0x06, Buffer.from([2])),
  );
  return box('mp4v', visualEntry(''), fullBox('esds', 0, elementary));
}

function quickTimeEntry(): Buffer {
  return box('jpeg', visualEntry('Photo - JPEG'));
}

function visualEntry(compressor: string): Buffer {
  const name = Buffer.alloc(32);
  name[0] = compressor.length;
  name.write(compressor, 1);
  return Buffer.concat([
    Buffer.alloc(6),
    u16(1),
    Buffer.alloc(16),
    u16(WIDTH),
    u16(HEIGHT),
    u32(72 << 16),
    u32(72 << 16),
    u32(0),
    u16(1),
    name,
    u16(24),
    u16(0xffff),
  ]);
}

function handler(type: string, component = '\0\0\0\0'): Buffer {
  return fullBox('hdlr', 0, text(component), text(type), Buffer.alloc(12), Buffer.from([0]));
}

function box(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), text(type), body]);
}

/** A box with version 0 and flags. */
function fullBox(type: string, flags: number, ...parts: Buffer[]): Buffer {
  return box(type, u32(flags), ...parts);
}

function descriptor(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

function text(characters: string): Buffer {
  return Buffer.from(characters, 'latin1');
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value >>> 0);
  return buffer;
}

function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}
