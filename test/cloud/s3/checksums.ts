/**
 * S3's additional checksums (`x-amz-checksum-*`), in the header ("Checking object integrity"): those
 * that the clients of this project use.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './errors.ts';

export type ChecksumAlgorithm = 'CRC32' | 'SHA256';

export interface RunningChecksum {
  update(data: Uint8Array): unknown;
  digest(): Buffer;
}

const SIZES: Record<ChecksumAlgorithm, number> = { CRC32: 4, SHA256: 32 };

export const ALGORITHMS = Object.keys(SIZES) as ChecksumAlgorithm[];

export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  return algorithm === 'CRC32' ? new Crc32() : createHash('sha256');
}

class Crc32 implements RunningChecksum {
  #value = 0;
  update(data: Uint8Array): void {
    this.#value = crc32(data, this.#value);
  }
  digest(): Buffer {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(this.#value);
    return out;
  }
}

export const checksumHeader = (algorithm: ChecksumAlgorithm): string =>
  `x-amz-checksum-${algorithm.toLowerCase()}`;

/** @throws S3Error `NotImplemented` for an algorithm that is not known here */
export function algorithmNamed(name: string): ChecksumAlgorithm {
  const found = ALGORITHMS.find(algorithm => algorithm === name.toUpperCase());
  if (!found) throw new S3Error('NotImplemented', `The checksum ${name} is not implemented`);
  return found;
}

/** A checksum that came with a request; `expected` is base64. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly expected: string;
}

const PREFIX = 'x-amz-checksum-';
const NOT_A_VALUE = [`${PREFIX}algorithm`, `${PREFIX}type`, `${PREFIX}mode`];

/**
 * The checksum that a request brings for its body, null when it brings none.
 * @throws S3Error `InvalidRequest` when there is more than one, its value cannot be one, or one is announced and missing;
 * `NotImplemented` for an algorithm that is not known here
 */
export function declaredChecksum(headers: ReadonlyMap<string, string>): DeclaredChecksum | null {
  const found: DeclaredChecksum[] = [];
  for (const [name, value] of headers) {
    if (!name.startsWith(PREFIX) || NOT_A_VALUE.includes(name)) continue;
    const algorithm = algorithmNamed(name.slice(PREFIX.length));
    found.push({ algorithm, expected: checkShape(algorithm, value) });
  }
  if (found.length > 1) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const announced = headers.get('x-amz-sdk-checksum-algorithm');
  if (announced !== undefined && announced.toUpperCase() !== found[0]?.algorithm) {
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  return found[0] ?? null;
}

/** @throws S3Error `InvalidRequest` when `value` is not base64 of the algorithm's length */
function checkShape(algorithm: ChecksumAlgorithm, value: string): string {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== SIZES[algorithm] || bytes.toString('base64') !== value) {
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
  return value;
}
