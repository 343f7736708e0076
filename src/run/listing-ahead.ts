/**
 * The stages are one backpressured stream: a listing goes no faster than the files behind it move, and stands still when
 * they do. So a run would know its totals, and how long it takes, only shortly before its end. Once files come
 * through, the listing may therefore run ahead. What it finds lies in its manifest meanwhile, not in memory, and is read
 * back from there when its turn comes.
 */
import type { FileRecord } from '../../stages/record.ts';

/** A run that is over by then needs no totals. */
const WORTH_IT_AFTER_MS = 5_000;

export interface ListingAhead {
  /** The same records, in the same order. Throws what the listing throws, at once. */
  records: AsyncIterable<FileRecord>;
  /** A file has come through: if the run takes long, the listing goes on to its end without waiting for more. */
  fileCameThrough(): void;
}

/** `lookUp` gives a listed record by its id, `isStopped` whether nothing more is to be given. */
export function listingAhead(
  listed: AsyncIterable<FileRecord>,
  lookUp: (id: string) => FileRecord,
  isStopped: () => boolean,
  now: () => number = () => performance.now(),
): ListingAhead {
  const beganAt = now();
  const source = listed[Symbol.asyncIterator]();
  let isAhead = false;
  /** Ids that were found ahead, and how many of them have been given. */
  const ahead: string[] = [];
  let given = 0;
  let isOver = false;
  let failure: { error: unknown } | null = null;
  let wake = () => {};

  const runAhead = async (): Promise<void> => {
    try {
      for (let next = await source.next(); !next.done; next = await source.next()) {
        ahead.push(next.value.id);
        wake();
      }
    } catch (error) {
      failure = { error };
    }
    isOver = true;
    wake();
  };

  async function* records(): AsyncGenerator<FileRecord> {
    try {
      while (!isAhead) {
        const { done, value } = await source.next();
        if (done) return;
        yield value;
      }
      while (!isStopped()) {
        if (failure) throw failure.error;
        const id = ahead[given];
        if (id !== undefined) {
          given += 1;
          yield lookUp(id);
        } else if (isOver) return;
        else
          await new Promise<void>(resolve => {
            wake = resolve;
          });
      }
    } finally {
      await source.return?.();
    }
  }

  return {
    records: records(),
    fileCameThrough: () => {
      if (isAhead || now() - beganAt < WORTH_IT_AFTER_MS) return;
      isAhead = true;
      void runAhead();
    },
  };
}
