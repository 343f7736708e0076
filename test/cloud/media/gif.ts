/**
 * GIF 89a with 64 colours. The LZW stream is reset before its codes grow, so every code is a plain colour of seven bits
 * (GIF 89a, appendix F): larger than need be, and a dozen lines instead of a compressor.
 */
import { HEIGHT, type Picture, TILE, WIDTH } from './picture.ts';

const COLOUR_BITS = 6;
const COLOURS = 1 << COLOUR_BITS;
const CLEAR = COLOURS;
const END = COLOURS + 1;
/** The decoder's table starts with 66 codes and gains one with each; at 128 codes would take eight bits. */
const CODES_BETWEEN_CLEARS = 60;

export function gif(picture: Picture, comment: string): Buffer {
  const size = [WIDTH & 255, WIDTH >> 8, HEIGHT & 255, HEIGHT >> 8];
  return Buffer.concat([
    Buffer.from('GIF89a'),
    Buffer.from([...size, 0x80 | ((COLOUR_BITS - 1) << 4) | (COLOUR_BITS - 1), 0, 0]),
    Buffer.from(Array.from({ length: COLOURS }, (_, index) => palette(index)).flat()),
    Buffer.from([0x21, 0xfe]),
    subBlocks(Buffer.from(comment)),
    Buffer.from([0x2c, 0, 0, 0, 0, ...size, 0, COLOUR_BITS]),
    subBlocks(codes(picture)),
    Buffer.from([0x3b]),
  ]);
}

/** Two bits for each of red, green and blue. */
function palette(index: number): number[] {
  return [index >> 4, (index >> 2) & 3, index & 3].map(level => level * 85);
}

function codes(picture: Picture): Buffer {
  const bytes: number[] = [];
  let pending = 0;
  let pendingBits = 0;
  const put = (code: number): void => {
    pending |= code << pendingBits;
    for (pendingBits += COLOUR_BITS + 1; pendingBits >= 8; pendingBits -= 8) {
      bytes.push(pending & 255);
      pending >>= 8;
    }
  };
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    if (pixel % CODES_BETWEEN_CLEARS === 0) put(CLEAR);
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    const [red, green, blue] = picture.tile(Math.floor(x / TILE), Math.floor(y / TILE));
    put(((red >> 6) << 4) | ((green >> 6) << 2) | (blue >> 6));
  }
  put(END);
  bytes.push(pending & 255);
  return Buffer.from(bytes);
}

function subBlocks(data: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < data.length; at += 255) {
    const block = data.subarray(at, at + 255);
    blocks.push(Buffer.from([block.length]), block);
  }
  return Buffer.concat([...blocks, Buffer.from([0])]);
}
