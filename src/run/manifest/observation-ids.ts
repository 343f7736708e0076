/** `observations.json`: the sequential ids of all observations, for the report. Written when resolve has read the whole table. */
import { join } from 'node:path';
import { refuseForeignFile, textOfFile } from '../../config/files/foreign-file.ts';
import { replaceFileSync } from '../../config/files/private-files.ts';

/** Most sequential ids are consecutive: first and last id, both included. */
export type IdRange = readonly [first: number, last: number];

const pathIn = (folder: string) => join(folder, 'observations.json');

/** Throws RunError for a file of that name that is something else. */
export function refuseForeignIds(folder: string): void {
  refuseForeignFile(pathIn(folder), /"sequential_ids"\s*:/);
}

export function writeObservationIds(folder: string, sequentialIds: readonly number[]): void {
  const content = { read_at: new Date().toISOString(), sequential_ids: rangesOf(sequentialIds) };
  replaceFileSync(pathIn(folder), `${JSON.stringify(content)}\n`, { mode: 0o600 });
}

/** Null if there is no such file, or it cannot be understood. */
export function readObservationIds(folder: string): { readAt: string; ranges: IdRange[] } | null {
  const text = textOfFile(pathIn(folder));
  if (text === null) return null;
  try {
    const { read_at, sequential_ids } = JSON.parse(text) as { read_at: string; sequential_ids: IdRange[] };
    const isUsable = sequential_ids.every(range => range.length === 2 && range.every(Number.isSafeInteger));
    return isUsable ? { readAt: read_at, ranges: sequential_ids } : null;
  } catch {
    return null;
  }
}

export function rangesOf(sequentialIds: Iterable<number>): IdRange[] {
  const ranges: [number, number][] = [];
  for (const id of sequentialIds) {
    const last = ranges.at(-1);
    if (last && id <= last[1] + 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges;
}

export function* idsIn(ranges: readonly IdRange[]): Generator<number> {
  for (const [first, last] of ranges) for (let id = first; id <= last; id += 1) yield id;
}

/** `6600-6602, 6604`. */
export function rangesText(ranges: readonly IdRange[]): string {
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ');
}
