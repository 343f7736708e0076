/** What the line from Drive carries, tried out with files of the folder; nothing is kept of their bytes. */
import type { FileRecord } from '../../../stages/record.ts';
import type { FileSource } from '../../../stages/transfer.ts';

const LIMITS = { bytes: 32 * 1024 * 1024, ms: 5_000 };

/**
 * Megabits a second that come from Drive, of all these files at a time; null if no byte came. Errors of single files count
 * as bytes that did not come.
 */
export async function measuredMbit(
  source: FileSource,
  records: readonly FileRecord[],
  { limits = LIMITS, now = () => performance.now() } = {},
): Promise<number | null> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), limits.ms);
  let bytes = 0;
  /** Measured from the first chunk on: the latency of the request is not bandwidth. */
  let beganAt: number | null = null;
  let endedAt = 0;
  const arrived = (count: number): void => {
    endedAt = now();
    if (beganAt === null) beganAt = endedAt;
    else bytes += count;
    if (bytes >= limits.bytes) enough.abort();
  };
  const read = async (record: FileRecord): Promise<void> => {
    for await (const _ of await source.download(record, arrived, enough.signal)) {
      if (enough.signal.aborted) break;
    }
  };
  try {
    await Promise.allSettled(records.map(read));
  } finally {
    clearTimeout(timer);
    enough.abort();
  }
  const seconds = (endedAt - (beganAt ?? 0)) / 1000;
  return bytes > 0 && seconds > 0 ? (bytes * 8) / 1_000_000 / seconds : null;
}
