/** A shard: the part of a run that one of several processes transfers and links. */
import { createHash } from 'node:crypto';

export interface Shard {
  index: number;
  count: number;
}

/** As it is part of file names: `2-of-4`. */
export function nameOfShard({ index, count }: Shard): string {
  return `${index}-of-${count}`;
}

/** Whether the file belongs to the shard. Every version has to agree: processes of several may work on one run. */
export function isInShard(id: string, { index, count }: Shard): boolean {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % count === index - 1;
}
