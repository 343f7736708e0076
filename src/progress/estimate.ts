/** How long a migration takes at best: each file costs one query, each byte its share of the line. */
export function estimate(work: {
  files: number;
  bytes: number;
  /** Of the slower direction. */
  bandwidthMbit: number;
  queriesPerSecond: number;
}): { seconds: number; bound: 'bandwidth' | 'queries' } {
  const byBandwidth = (work.bytes * 8) / (work.bandwidthMbit * 1_000_000);
  const byQueries = work.files / work.queriesPerSecond;
  return byBandwidth > byQueries
    ? { seconds: byBandwidth, bound: 'bandwidth' }
    : { seconds: byQueries, bound: 'queries' };
}
