/** Flags that several commands share. */
import { Flags } from '@oclif/core';
import { bytesOf } from '../config/bandwidth.ts';
import type { ConfigValues } from '../config/settings.ts';

export const folderFlag = {
  'folder-id': Flags.string({
    description: 'Drive folder: its id, or its address in the browser',
    helpValue: 'ID',
  }),
};

export const namingFlag = {
  naming: Flags.string({
    description: 'how strictly to read file names; default: strict, or as configured',
    options: ['strict', 'relaxed'],
  }),
};

const retryOrphansFlag = {
  'retry-orphans': Flags.boolean({
    description: 'retry files that had no observation or were deleted from Drive',
  }),
};

export const maxTransferFlag = {
  'max-transfer': Flags.custom<number>({
    description:
      'stop starting files once this much has been read from Drive, like 700G (powers of 1024); default: no limit',
    helpValue: 'SIZE',
    parse: async text => bytesOf(text, 'max-transfer'),
  })(),
};

export const selectionFlags = {
  recursive: Flags.boolean({
    description: 'include subfolders; default: yes',
    default: true,
    allowNo: true,
  }),
  include: Flags.string({
    description: 'only files whose name or path matches; can be repeated; default: all',
    helpValue: 'GLOB',
    multiple: true,
    multipleNonGreedy: true,
  }),
  exclude: Flags.string({
    description: 'skip files and folders that match; can be repeated',
    helpValue: 'GLOB',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/** Flags of all stages: where records are written. */
export const recordFlags = {
  ...folderFlag,
  out: Flags.string({ description: 'write records to this file ("-": standard output)', helpValue: 'FILE' }),
  'skip-bad-lines': Flags.boolean({
    description: 'move invalid lines to {stage}.rejected.ndjson instead of stopping',
  }),
  ...retryOrphansFlag,
};

/** Flags of the stages after list: also where records are read. */
export const inputFlags = {
  ...recordFlags,
  'folder-id': Flags.string({
    description:
      'Drive folder: its id, or its address in the browser; reads and writes the manifests of its run, even in a pipe',
    helpValue: 'ID',
  }),
  in: Flags.string({ description: 'read records from this file ("-": standard input)', helpValue: 'FILE' }),
};

/** Flags of commands that transfer files; see {@link transferConfig}. */
export const transferFlags = {
  concurrency: Flags.integer({
    description: 'files to transfer in parallel, 1 to 100; default: 10, or as configured',
    min: 1,
    max: 100,
  }),
  bwlimit: Flags.string({
    description:
      'bandwidth limit for all files together, in bytes per second: a rate like 20M or 512k (powers of 1024), or a timetable like "08:00,2M 18:00,off"; default: no limit',
    helpValue: 'RATE',
  }),
};

export function transferConfig(flags: { concurrency?: number; bwlimit?: string }): ConfigValues {
  return { 'migration.concurrency': flags.concurrency, 'migration.bwlimit': flags.bwlimit };
}

/** Flags of migrate and resume. */
export const migrationFlags = {
  ...folderFlag,
  ...transferFlags,
  ...namingFlag,
  ...retryOrphansFlag,
  rescan: Flags.boolean({
    description: 'list the folder again to find files added, renamed, replaced or removed since',
  }),
  ...selectionFlags,
  ...maxTransferFlag,
  'skip-existing': Flags.boolean({
    description: 'skip files that media records of other tools already link; reads the Media table once',
  }),
  'keep-awake': Flags.boolean({
    description: 'prevent the computer from sleeping during transfers; default: yes',
    default: true,
    allowNo: true,
  }),
};
