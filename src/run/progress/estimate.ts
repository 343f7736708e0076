/** How long files take from Drive to S3: each costs a query to Drive, and each byte its share of the connection. */
export interface Work {
  files: number;
  bytes: number;
}

export interface Estimate {
  seconds: number;
  /** What limits the transfer; null if there is nothing to do. */
  bound: 'bandwidth' | 'queries' | null;
}

export function estimate(
  { files, bytes }: Work,
  { bytesPerSecond, queriesPerSecond }: { bytesPerSecond: number; queriesPerSecond: number },
): Estimate {
  if (files === 0 && bytes === 0) return { seconds: 0, bound: null };
  const byBandwidth = bytes / bytesPerSecond;
  const byQueries = files / queriesPerSecond;
  return {
    seconds: Math.max(byBandwidth, byQueries),
    bound: byBandwidth > byQueries ? 'bandwidth' : 'queries',
  };
}
