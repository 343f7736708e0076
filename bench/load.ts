/** A folder of files, written `2000x1` (files x MiB) or `mix`, or `30mix` for 30 files of the mix. */
import type { DriveFolder } from './cloud-process.ts';

export interface Load {
  name: string;
  sizes: number[];
}

export const FIRST_ID = 1_000_000;
export const MIB = 1024 * 1024;
/** Concurrent transfers, of the command and of what it is compared with. */
export const WORKERS = 10;
const FILES_A_FOLDER = 500;
const MIX_FILES = 300;
const MIX_MEAN_BYTES = 15 * MIB;
/** Of the logarithm: most files are photos of a few MiB, a few are videos of hundreds. */
const MIX_SIGMA = 1.4;

/** Sizes as in a real folder, log-normal around a mean; the same every time. */
function mixOf(files = MIX_FILES): Load {
  const random = numbers(1_234_567);
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const raw = Array.from({ length: files }, () => Math.exp(MIX_SIGMA * normal()));
  // Scaled, so that a few files have this mean, too.
  const scale = (MIX_MEAN_BYTES * files) / raw.reduce((sum, size) => sum + size, 0);
  return { name: `mix of ${files} files`, sizes: raw.map(size => Math.ceil(size * scale)) };
}

/** Between 0 and 1, exclusive; the same sequence every time (Lehmer). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function evenLoad(files: number, mib: number): Load {
  return {
    name: `${files.toLocaleString('en-US')} x ${mib} MiB`,
    sizes: Array.from({ length: files }, () => mib * MIB),
  };
}

export const LARGE_FILES = evenLoad(8, 500);
/** The mix that users have first; then many photos, and a few long videos. */
export const LOADS: readonly Load[] = [mixOf(), evenLoad(2000, 1), LARGE_FILES];

/** Null if the text does not describe a load. */
export function loadFrom(text: string): Load | null {
  const [, mixed] = /^(\d*)mix$/.exec(text) ?? [];
  if (mixed !== undefined) return mixOf(mixed === '' ? MIX_FILES : Number(mixed));
  const [, files, mib] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  return files && mib ? evenLoad(Number(files), Number(mib)) : null;
}

export const bytesIn = ({ sizes }: Load): number => sizes.reduce((sum, size) => sum + size, 0);
export const gibOf = (load: Load): number => bytesIn(load) / 1024 / MIB;

export function folderOf({ sizes }: Load): DriveFolder {
  return {
    files: sizes.map((sizeBytes, index) => ({
      path: `${Math.floor(index / FILES_A_FOLDER)}`,
      name: `${FIRST_ID + index}.jpg`,
      sizeBytes,
    })),
    observations: { first: FIRST_ID, count: sizes.length },
    links: sizes.length,
  };
}
