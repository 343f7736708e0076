/** What a migration of known files would take, before it begins. */
import { secondsToMove } from './rest-of-run.ts';

export interface Estimate {
  seconds: number;
  /** What would have to be faster for the migration to be; null if there is nothing to do. */
  bound: 'bandwidth' | 'queries' | null;
}

/** How long a migration takes at best: each file costs one query, each byte its share of the line. */
export function estimate(work: {
  /** Bytes of each file, in the order in which they come. */
  sizes: readonly number[];
  /** Of the slower direction. */
  bandwidthMbit: number;
  queriesPerSecond: number;
  /** Files at a time. */
  concurrency: number;
}): Estimate {
  const { sizes, queriesPerSecond, concurrency: workers } = work;
  if (sizes.length === 0) return { seconds: 0, bound: null };
  const bytesPerSecond = (work.bandwidthMbit * 1_000_000) / 8;
  const seconds = (means: { bytesPerSecond: number; queriesPerSecond: number }) =>
    secondsToMove({ moving: [], waiting: sizes }, { ...means, workers, secondsAFile: 0 });
  const byBandwidth = seconds({ bytesPerSecond, queriesPerSecond: Infinity });
  const byQueries = seconds({ bytesPerSecond: Infinity, queriesPerSecond });
  return {
    seconds: seconds({ bytesPerSecond, queriesPerSecond }),
    bound: byBandwidth > byQueries ? 'bandwidth' : 'queries',
  };
}
