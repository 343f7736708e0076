/** A folder of so many files of one size, written `2000x1`: files x MiB. */
import type { DriveFolder } from './cloud-process.ts';

export interface Load {
  files: number;
  mib: number;
}

/** Many photos, and a few videos. */
export const SMALL_FILES: Load = { files: 2000, mib: 1 };
export const LARGE_FILES: Load = { files: 8, mib: 500 };

export const FIRST_ID = 1_000_000;
export const MIB = 1024 * 1024;
/** Files at a time, by the command and by whatever it is held against. */
export const WORKERS = 10;
/** Size of a part, and the largest file that goes in one PUT. */
export const PART_BYTES = 8 * MIB;
const FILES_A_FOLDER = 500;

/** Null when the text is no load. */
export function loadFrom(text: string): Load | null {
  const [, files, mib] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  return files && mib ? { files: Number(files), mib: Number(mib) } : null;
}

export function nameOfLoad({ files, mib }: Load): string {
  return `${files.toLocaleString('en-US')} x ${mib} MiB`;
}

export const gibOf = ({ files, mib }: Load): number => (files * mib) / 1024;

export function folderOf({ files, mib }: Load): DriveFolder {
  return {
    files: Array.from({ length: files }, (_, index) => ({
      path: `${Math.floor(index / FILES_A_FOLDER)}`,
      name: `${FIRST_ID + index}.jpg`,
      sizeBytes: mib * MIB,
    })),
    observations: { first: FIRST_ID, count: files },
    links: files,
  };
}
