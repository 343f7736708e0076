/** How long a migration would take, and what limits it. */
import type { Estimate } from '../../run/progress/estimate.ts';
import { formatBytes, formatCount } from '../../run/text/format.ts';
import { roughDuration } from './progress-lines.ts';

export interface Bandwidth {
  mbit: number;
  /** `given` by the person, `measured` from Drive, or else `assumed`. */
  origin: 'given' | 'measured' | 'assumed';
}

export function estimateLine(
  { seconds, bound }: Estimate,
  work: { files: number; bytes: number; bandwidth: Bandwidth; queriesPerSecond: number },
): string {
  if (bound === null) return 'To migrate: nothing.';
  const { files, bytes, bandwidth, queriesPerSecond } = work;
  const quota = `${queriesPerSecond} queries a second to Drive (google_drive.queries_per_second)`;
  const why =
    bound === 'bandwidth'
      ? `limited by bandwidth: ${lineOf(bandwidth)}`
      : `limited by ${quota}; bandwidth: ${lineOf(bandwidth)}`;
  return `To migrate: ${formatCount(files, 'file')}, ${formatBytes(bytes)}; about ${roughDuration(seconds)}, ${why}.`;
}

function lineOf({ mbit, origin }: Bandwidth): string {
  const rate = `${mbit < 10 ? mbit.toFixed(1) : Math.round(mbit)} Mbit/s`;
  switch (origin) {
    case 'given':
      return rate;
    case 'measured':
      return `${rate}, measured from Drive; the upload to S3 was not measured`;
    case 'assumed':
      return `${rate}, assumed (set it with "--bandwidth-mbit", or use "--measure")`;
  }
}
