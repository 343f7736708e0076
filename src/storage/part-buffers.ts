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

/** A file that goes in one piece, or a part of one that does not. */
export type Piece = 'whole' | 'part';

interface Queue {
  readonly waiting: Waiting[];
  usedBytes: number;
}

export class PartBuffers {
  readonly #partBytes: number;
  readonly #budgetBytes: number;
  readonly #free: Buffer[] = [];
  readonly #queues: Record<Piece, Queue> = {
    whole: { waiting: [], usedBytes: 0 },
    part: { waiting: [], usedBytes: 0 },
  };

  /** `partBytes` is the usual size; a budget of less than one part is taken as one part. */
  constructor(partBytes: number, budgetBytes: number) {
    this.#partBytes = partBytes;
    this.#budgetBytes = Math.max(partBytes, budgetBytes);
  }

  /** Bytes that are lent out. */
  get usedBytes(): number {
    return this.#queues.whole.usedBytes + this.#queues.part.usedBytes;
  }

  /**
   * Memory of `size` bytes, in the order of asking among pieces of one kind; of the two kinds, the one that has less goes
   * first: a few videos would hold all of it, and the photos behind them wait. A size above the whole budget is lent when
   * nothing else is, so that it waits but does not wait for ever. Whoever asks must not hold what it has not handed on,
   * or two could wait for each other.
   */
  lend(size: number, piece: Piece): Promise<PartBuffer> {
    return new Promise(resolve => {
      this.#queues[piece].waiting.push({ size, resolve });
      this.#serve();
    });
  }

  #serve(): void {
    for (let queue = this.#next(); queue; queue = this.#next()) {
      const { size, resolve } = queue.waiting[0]!;
      if (this.usedBytes > 0 && this.usedBytes + size > this.#budgetBytes) return;
      queue.waiting.shift();
      queue.usedBytes += size;
      resolve(this.#buffer(size, queue));
    }
  }

  #next(): Queue | undefined {
    const { whole, part } = this.#queues;
    return [whole, part]
      .filter(({ waiting }) => waiting.length > 0)
      .sort((a, b) => a.usedBytes - b.usedBytes)[0];
  }

  /** Memory that was written to once stays resident: what lies idle counts like what is lent. */
  get #mayKeepOneMore(): boolean {
    return this.usedBytes + (this.#free.length + 1) * this.#partBytes <= this.#budgetBytes;
  }

  #buffer(size: number, queue: Queue): PartBuffer {
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
        queue.usedBytes -= size;
        if (pooled && this.#mayKeepOneMore) this.#free.push(memory);
        this.#serve();
      },
    };
  }
}
