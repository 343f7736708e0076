/**
 * The memory that file bytes pass through on their way to S3. It is counted: however many files and parts are on their
 * way, together they hold no more than the budget, with what lies idle, and whoever wants more waits. Memory is used again
 * for pieces of about its size: made anew for each, it would have the garbage collector run all the time.
 */
export interface PartBuffer {
  /** Of exactly the size that was asked for; content undefined. */
  readonly bytes: Buffer;
  /** Nothing more is to come into it: it waits for S3 alone. Safe to call twice. */
  filled(): void;
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
  /** Those of them that still come from Drive. */
  fillingBytes: number;
}

/** The smallest memory is a part's size divided by this. */
const PIECES_A_PART = 32;
/** A piece may lie in so many times as much memory as it needs. */
const MOST_WASTE = 1.5;

export class PartBuffers {
  readonly #partBytes: number;
  readonly #budgetBytes: number;
  /** Who has been idle for the longest comes first. */
  readonly #idle: Buffer[] = [];
  #idleBytes = 0;
  #lentBytes = 0;
  readonly #queues: Record<Piece, Queue> = {
    whole: { waiting: [], usedBytes: 0, fillingBytes: 0 },
    part: { waiting: [], usedBytes: 0, fillingBytes: 0 },
  };

  /** `partBytes` is the usual size; a budget of less than one part is taken as one part. */
  constructor(partBytes: number, budgetBytes: number) {
    this.#partBytes = partBytes;
    this.#budgetBytes = Math.max(partBytes, budgetBytes);
  }

  /** Bytes that were asked for and are lent out. */
  get usedBytes(): number {
    return this.#queues.whole.usedBytes + this.#queues.part.usedBytes;
  }

  /** Bytes of all memory, lent out or not. */
  get heldBytes(): number {
    return this.#lentBytes + this.#idleBytes;
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
      if (!this.#hasRoomFor(this.#capacityFor(size))) return;
      queue.waiting.shift();
      queue.usedBytes += size;
      queue.fillingBytes += size;
      resolve(this.#buffer(size, queue));
    }
  }

  #next(): Queue | undefined {
    const { whole, part } = this.#queues;
    return [whole, part]
      .filter(queue => this.#mayFillOneMore(queue))
      .sort((a, b) => a.usedBytes - b.usedBytes)[0];
  }

  /**
   * No more than half of it fills at a time. If all of it did, all would be full at the same time, and then sent at the same
   * time: one of the two directions would always be idle.
   */
  #mayFillOneMore({ waiting, fillingBytes }: Queue): boolean {
    const [first] = waiting;
    return first !== undefined && (fillingBytes === 0 || fillingBytes + first.size <= this.#budgetBytes / 2);
  }

  /** As if it were none, when nothing is lent. */
  #hasRoomFor(bytes: number): boolean {
    return this.#lentBytes === 0 || this.#lentBytes + bytes <= this.#budgetBytes;
  }

  /** Tiny pieces do not get tiny memory: it would be of no use for others. */
  #capacityFor(size: number): number {
    return Math.max(size, Math.floor(this.#partBytes / PIECES_A_PART));
  }

  #buffer(size: number, queue: Queue): PartBuffer {
    const memory = this.#takeIdle(this.#capacityFor(size)) ?? this.#make(this.#capacityFor(size));
    this.#lentBytes += memory.length;
    let lent = true;
    let filling = true;
    const filled = () => {
      if (filling) queue.fillingBytes -= size;
      filling = false;
    };
    return {
      bytes: memory.subarray(0, size),
      filled: () => {
        filled();
        this.#serve();
      },
      release: () => {
        if (!lent) return;
        lent = false;
        filled();
        queue.usedBytes -= size;
        this.#lentBytes -= memory.length;
        this.#idle.push(memory);
        this.#idleBytes += memory.length;
        this.#serve();
        this.#forget(0);
      },
    };
  }

  /** Of what would not be wasted on so few bytes, the smallest; undefined if there is none. */
  #takeIdle(bytes: number): Buffer | undefined {
    let best: Buffer | undefined;
    for (const memory of this.#idle) {
      const fits = memory.length >= bytes && memory.length <= MOST_WASTE * bytes;
      if (fits && memory.length < (best?.length ?? Number.POSITIVE_INFINITY)) best = memory;
    }
    if (!best || !this.#hasRoomFor(best.length)) return undefined;
    this.#idle.splice(this.#idle.indexOf(best), 1);
    this.#idleBytes -= best.length;
    return best;
  }

  #make(bytes: number): Buffer {
    this.#forget(bytes);
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** What lies idle counts like what is lent: memory that was written to once stays resident. */
  #forget(bytesToCome: number): void {
    while (this.#idle.length > 0 && this.heldBytes + bytesToCome > this.#budgetBytes)
      this.#idleBytes -= this.#idle.shift()!.length;
  }
}
