/** Which observations have photos and videos, and which have none: by sequential id, and counted by hundreds. */
import { type FileRecord, stillMissing } from '../../../stages/record.ts';
import { type IdRange, idsIn } from '../../run/manifest/id-ranges.ts';

/** From best to worst: an id with several files has the best state of them. */
export const COVERAGE_STATES = ['photo', 'video', 'unlinked', 'none', 'absent'] as const;

export type CoverageState = (typeof COVERAGE_STATES)[number];

export const COVERAGE_TITLES: Readonly<Record<CoverageState, string>> = {
  photo: 'With photos',
  video: 'With videos only',
  unlinked: 'File found, not linked yet',
  none: 'Without any file',
  absent: 'Files without an observation',
};

export type Kind = 'photo' | 'video' | 'other';

export const KIND_TITLES: Readonly<Record<Kind, string>> = {
  photo: 'Photos',
  video: 'Videos',
  other: 'Other files',
};

export function kindOf({ type, mimeType = '' }: FileRecord): Kind {
  if (type) return type === 'VIDEO' ? 'video' : 'photo';
  if (mimeType.startsWith('image/')) return 'photo';
  return mimeType.startsWith('video/') ? 'video' : 'other';
}

/** A range of ids: a hundred, or more if that would be too many groups. */
export interface CoverageGroup {
  first: number;
  last: number;
  ids: Record<CoverageState, number[]>;
}

/** More groups would be too many to look at. */
const MAX_GROUPS = 400;

export class Coverage {
  readonly #states = new Map<number, CoverageState>();

  add(record: FileRecord): void {
    const { observations, sequentialIds = [], media = [] } = record;
    const linked = new Set(media.map(({ observationId }) => observationId));
    const withMedia = kindOf(record) === 'video' ? 'video' : 'photo';
    for (const { sequentialId, id } of observations ?? [])
      this.#improve(sequentialId, linked.has(id) ? withMedia : 'unlinked');
    for (const id of stillMissing(record)) this.#improve(id, 'absent');
    // Not looked up yet.
    if (!observations) for (const id of sequentialIds) this.#improve(id, 'unlinked');
  }

  /** Observations that exist. */
  addExisting(ranges: readonly IdRange[]): void {
    for (const id of idsIn(ranges)) this.#improve(id, 'none');
  }

  #improve(id: number, state: CoverageState): void {
    const known = this.#states.get(id);
    if (known === undefined || COVERAGE_STATES.indexOf(state) < COVERAGE_STATES.indexOf(known))
      this.#states.set(id, state);
  }

  /** Ascending ids by their state. */
  ids(): Record<CoverageState, number[]> {
    return byState([...this.#states].sort(([a], [b]) => a - b));
  }

  /** Ascending; groups without any id are left out. */
  groups(): CoverageGroup[] {
    const sorted = [...this.#states].sort(([a], [b]) => a - b);
    let size = 100;
    while (groupCount(sorted, size) > MAX_GROUPS) size *= 10;
    const groups = new Map<number, (readonly [number, CoverageState])[]>();
    for (const entry of sorted) {
      const index = Math.floor(entry[0] / size);
      const group = groups.get(index);
      if (group) group.push(entry);
      else groups.set(index, [entry]);
    }
    return [...groups].map(([index, entries]) => ({
      first: index * size,
      last: index * size + size - 1,
      ids: byState(entries),
    }));
  }
}

function groupCount(entries: readonly (readonly [number, CoverageState])[], size: number): number {
  return new Set(entries.map(([id]) => Math.floor(id / size))).size;
}

function byState(entries: readonly (readonly [number, CoverageState])[]): Record<CoverageState, number[]> {
  const ids: Record<CoverageState, number[]> = { photo: [], video: [], unlinked: [], none: [], absent: [] };
  for (const [id, state] of entries) ids[state].push(id);
  return ids;
}
