/**
 * The memory that file bytes pass through on their way to S3. It is counted: however many files and parts are on their
 * way, together they hold no more than the budget, and whoever wants more waits. Buffers are used again; memory that
 * was never written to is not resident, so a small file in a large buffer costs what it holds.
 */
export interface PartBuffer {
  /** Of exactly the size that was asked for; content undefined. */
  readonly bytes: Buffer;
  /** Gives the memory back; `bytes` must not be touched afterwards. Safe to call twice. */
  release(): void;
}

interface Waiting {
  size: number;
  resolve: (buffer: PartBuffer) => void;
}

export class PartBuffers {
  readonly #partBytes: number;
  readonly #budgetBytes: number;
  readonly #free: Buffer[] = [];
  readonly #waiting: Waiting[] = [];
  #usedBytes = 0;

  /** `partBytes` is the usual size; a budget of less than one part is taken as one part. */
  constructor(partBytes: number, budgetBytes: number) {
    this.#partBytes = partBytes;
    this.#budgetBytes = Math.max(partBytes, budgetBytes);
  }

  /** Bytes that are lent out. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * Memory of `size` bytes, in the order of asking. A size above the whole budget is lent when nothing else is, so that
   * it waits but does not wait for ever. Whoever asks must not hold what it has not handed on, or two could wait for
   * each other.
   */
  lend(size: number): Promise<PartBuffer> {
    return new Promise(resolve => {
      this.#waiting.push({ size, resolve });
      this.#serve();
    });
  }

  #serve(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (this.#usedBytes > 0 && this.#usedBytes + first.size > this.#budgetBytes) return;
      this.#waiting.shift();
      this.#usedBytes += first.size;
      first.resolve(this.#buffer(first.size));
    }
  }

  /** Memory that was written to once stays resident: what lies idle counts like what is lent. */
  get #mayKeepOneMore(): boolean {
    return this.#usedBytes + (this.#free.length + 1) * this.#partBytes <= this.#budgetBytes;
  }

  #buffer(size: number): PartBuffer {
    const pooled = size <= this.#partBytes;
    const memory = pooled
      ? (this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#partBytes))
      : Buffer.allocUnsafeSlow(size);
    let lent = true;
    return {
      bytes: memory.subarray(0, size),
      release: () => {
        if (!lent) return;
        lent = false;
        this.#usedBytes -= size;
        if (pooled && this.#mayKeepOneMore) this.#free.push(memory);
        this.#serve();
      },
    };
  }
}
