/** AVI 1.0 with one stream of JPEG frames (`MJPG`) and an index. Numbers are little-endian, chunks begin at even places. */
import { HEIGHT, WIDTH } from './picture.ts';

const HAS_INDEX = 0x10;
const KEY_FRAME = 0x10;

export function avi(frames: Buffer[], framesPerSecond: number): Buffer {
  const largest = Math.max(...frames.map(frame => frame.length));
  const mainHeader = numbers(
    [1_000_000 / framesPerSecond, largest * framesPerSecond, 0, HAS_INDEX],
    [frames.length, 0, 1, largest, WIDTH, HEIGHT],
    [0, 0, 0, 0],
  );
  const streamHeader = Buffer.concat([
    Buffer.from('vidsMJPG'),
    numbers(
      [0, 0, 0, 1, framesPerSecond, 0, frames.length, largest, 0xffffffff, 0],
      [0, WIDTH | (HEIGHT << 16)],
    ),
  ]);
  // BITMAPINFOHEADER; one plane, 24 bits.
  const format = Buffer.concat([
    numbers([40, WIDTH, HEIGHT, 1 | (24 << 16)]),
    Buffer.from('MJPG'),
    numbers([WIDTH * HEIGHT * 3, 0, 0, 0, 0]),
  ]);
  const header = list(
    'hdrl',
    chunk('avih', mainHeader),
    list('strl', chunk('strh', streamHeader), chunk('strf', format)),
  );

  const index: Buffer[] = [];
  const movieChunks: Buffer[] = [];
  // Counted from the word "movi".
  let offset = 4;
  for (const frame of frames) {
    const framed = chunk('00dc', frame);
    movieChunks.push(framed);
    index.push(Buffer.from('00dc'), numbers([KEY_FRAME, offset, frame.length]));
    offset += framed.length;
  }
  return chunk(
    'RIFF',
    Buffer.concat([
      Buffer.from('AVI '),
      header,
      list('movi', ...movieChunks),
      chunk('idx1', Buffer.concat(index)),
    ]),
  );
}

function chunk(id: string, body: Buffer): Buffer {
  const padding = Buffer.alloc(body.length % 2);
  return Buffer.concat([Buffer.from(id), numbers([body.length]), body, padding]);
}

function list(type: string, ...chunks: Buffer[]): Buffer {
  return chunk('LIST', Buffer.concat([Buffer.from(type), ...chunks]));
}

function numbers(...groups: number[][]): Buffer {
  const values = groups.flat();
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32LE(Math.round(value) >>> 0, index * 4);
  return buffer;
}
