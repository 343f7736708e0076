/** PNG (ISO/IEC 15948), 8-bit RGB. Stored, not compressed, so that its bytes do not depend on the version of zlib. */
import { crc32, deflateSync } from 'node:zlib';
import { HEIGHT, type Picture, TILE, WIDTH } from './picture.ts';

export function png(picture: Picture, comment: string): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from(`Comment\0${comment}`, 'latin1')),
    chunk('IDAT', deflateSync(scanlines(picture), { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function scanlines(picture: Picture): Buffer {
  const lines: number[] = [];
  for (let y = 0; y < HEIGHT; y++) {
    lines.push(0);
    for (let x = 0; x < WIDTH; x++) lines.push(...picture.tile(Math.floor(x / TILE), Math.floor(y / TILE)));
  }
  return Buffer.from(lines);
}

function chunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const result = Buffer.alloc(typed.length + 8);
  result.writeUInt32BE(body.length, 0);
  typed.copy(result, 4);
  result.writeUInt32BE(crc32(typed), typed.length + 4);
  return result;
}
