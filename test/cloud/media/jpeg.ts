/**
 * Baseline JPEG (ITU-T T.81) of a picture made of 8 × 8 tiles of one colour each. A tile is exactly one block, and a
 * block of one colour has only a DC coefficient: no cosine transform is needed, and the AC table has one symbol, "end
 * of block".
 */
import { COLUMNS, HEIGHT, type Picture, ROWS, WIDTH } from './picture.ts';

/** DC of a block is eight times its level; divided by this it fits the 11 bits of the largest category. */
const QUANTIZER = 8;
/** Twelve categories of DC differences, each with its own number as a code of four bits. */
const DC_CODE_BITS = 4;

export function jpeg(picture: Picture, comment: string): Buffer {
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, [...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    segment(0xfe, [...Buffer.from(comment)]),
    segment(0xdb, [0, ...new Array<number>(64).fill(QUANTIZER)]),
    segment(0xc0, [
      8,
      HEIGHT >> 8,
      HEIGHT & 255,
      WIDTH >> 8,
      WIDTH & 255,
      3,
      ...[1, 2, 3].flatMap(id => [id, 0x11, 0]),
    ]),
    segment(0xc4, [
      0x00,
      ...codesPerLength(DC_CODE_BITS, 12),
      ...Array.from({ length: 12 }, (_, symbol) => symbol),
    ]),
    segment(0xc4, [0x10, ...codesPerLength(1, 1), 0]),
    segment(0xda, [3, ...[1, 2, 3].flatMap(id => [id, 0x00]), 0, 63, 0]),
    entropyCoded(picture),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segment(marker: number, body: number[]): Buffer {
  const length = body.length + 2;
  return Buffer.from([0xff, marker, length >> 8, length & 255, ...body]);
}

function codesPerLength(bits: number, codes: number): number[] {
  return Array.from({ length: 16 }, (_, index) => (index + 1 === bits ? codes : 0));
}

function entropyCoded(picture: Picture): Buffer {
  const bytes: number[] = [];
  let pending = 0;
  let pendingBits = 0;
  const put = (value: number, bits: number): void => {
    for (let bit = bits - 1; bit >= 0; bit--) {
      pending = (pending << 1) | ((value >> bit) & 1);
      if (++pendingBits < 8) continue;
      bytes.push(pending);
      if (pending === 0xff) bytes.push(0);
      pending = 0;
      pendingBits = 0;
    }
  };

  const previous = [0, 0, 0];
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      for (const [component, level] of yCbCr(picture.tile(column, row)).entries()) {
        const dc = Math.round(((level - 128) * 8) / QUANTIZER);
        const difference = dc - previous[component]!;
        previous[component] = dc;
        const category = 32 - Math.clz32(Math.abs(difference));
        put(category, DC_CODE_BITS);
        put(difference < 0 ? difference + (1 << category) - 1 : difference, category);
        put(0, 1);
      }
    }
  }
  while (pendingBits > 0) put(1, 1);
  return Buffer.from(bytes);
}

/** JFIF 1.02, 7. */
function yCbCr([red, green, blue]: [number, number, number]): [number, number, number] {
  return [
    0.299 * red + 0.587 * green + 0.114 * blue,
    -0.1687 * red - 0.3313 * green + 0.5 * blue + 128,
    0.5 * red - 0.4187 * green - 0.0813 * blue + 128,
  ];
}
