/** Which observations have photos and videos, and which have none: by sequential id, and counted by hundreds. */
import { type FileRecord, stillMissing } from '../../../stages/record.ts';
import { type IdRange, idsIn } from '../../run/manifest/observation-ids.ts';

/** The states of an id, from best to worst: an id with several files has the best state of them. */
export const COVERAGE_TITLES = {
  photo: 'With photos',
  video: 'With videos only',
  unlinked: 'File found, not linked yet',
  none: 'Without any file',
  absent: 'Files without an observation',
};

type CoverageState = keyof typeof COVERAGE_TITLES;

export const COVERAGE_STATES = Object.keys(COVERAGE_TITLES) as CoverageState[];

export const KIND_TITLES = { photo: 'Photos', video: 'Videos', other: 'Other files' };

export type Kind = keyof typeof KIND_TITLES;

export const KINDS = Object.keys(KIND_TITLES) as Kind[];

export function kindOf({ type, mimeType = '' }: FileRecord): Kind {
  if (type) return type === 'VIDEO' ? 'video' : 'photo';
  if (mimeType.startsWith('image/')) return 'photo';
  return mimeType.startsWith('video/') ? 'video' : 'other';
}

/** A range of ids: a hundred, or more if that would be too many groups. */
export interface CoverageGroup {
  first: number;
  last: number;
  /** Ascending. */
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
    // The observations have not been looked up yet.
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

  /** All ids as one group. */
  get whole(): CoverageGroup {
    const [all] = this.#inGroupsOf(Number.MAX_SAFE_INTEGER);
    return all ?? groupOf(0, 0);
  }

  /** Ascending; groups without any id are left out. */
  groups(size = 100): CoverageGroup[] {
    const groups = this.#inGroupsOf(size);
    return groups.length > MAX_GROUPS ? this.groups(size * 10) : groups;
  }

  #inGroupsOf(size: number): CoverageGroup[] {
    const groups = new Map<number, CoverageGroup>();
    for (const [id, state] of [...this.#states].sort(([a], [b]) => a - b)) {
      const first = Math.floor(id / size) * size;
      const group = groups.get(first) ?? groupOf(first, first + size - 1);
      groups.set(first, group);
      group.ids[state].push(id);
    }
    return [...groups.values()];
  }
}

function groupOf(first: number, last: number): CoverageGroup {
  return { first, last, ids: { photo: [], video: [], unlinked: [], none: [], absent: [] } };
}
