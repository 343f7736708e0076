/** The two CRCs of S3 that Node's zlib has not: CRC-32C (RFC 3720) and CRC-64/NVME (NVM Express NVM Command Set 1.0, 5.2.1.3.4). */

const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

const crc32cTable = new Int32Array(256);
const crc64High = new Int32Array(256);
const crc64Low = new Int32Array(256);

for (let byte = 0; byte < 256; byte++) {
  let small = byte;
  let large = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) {
    small = small & 1 ? (small >>> 1) ^ CRC32C_POLYNOMIAL : small >>> 1;
    large = large & 1n ? (large >> 1n) ^ CRC64NVME_POLYNOMIAL : large >> 1n;
  }
  crc32cTable[byte] = small;
  crc64High[byte] = Number(large >> 32n) | 0;
  crc64Low[byte] = Number(large & 0xffffffffn) | 0;
}

export class Crc32c {
  #state = -1;

  update(data: Uint8Array): this {
    let state = this.#state;
    for (let i = 0; i < data.length; i++) state = crc32cTable[(state ^ data[i]!) & 0xff]! ^ (state >>> 8);
    this.#state = state;
    return this;
  }

  /** Four bytes, big-endian. */
  digest(): Buffer {
    const out = Buffer.alloc(4);
    out.writeInt32BE(~this.#state);
    return out;
  }
}

export class Crc64Nvme {
  // Two halves, since BigInt arithmetic for each byte would be a hundred times slower.
  #high = -1;
  #low = -1;

  update(data: Uint8Array): this {
    let high = this.#high;
    let low = this.#low;
    for (let i = 0; i < data.length; i++) {
      const index = (low ^ data[i]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ crc64Low[index]!;
      high = (high >>> 8) ^ crc64High[index]!;
    }
    this.#high = high;
    this.#low = low;
    return this;
  }

  /** Eight bytes, big-endian. */
  digest(): Buffer {
    const out = Buffer.alloc(8);
    out.writeInt32BE(~this.#high, 0);
    out.writeInt32BE(~this.#low, 4);
    return out;
  }
}
