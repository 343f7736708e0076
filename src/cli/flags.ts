/** Flags that several commands have. */
import { Flags } from '@oclif/core';
import type { ConfigValues } from '../config/load.ts';
import { bytesOf } from '../config/size.ts';

export const folderFlag = {
  'folder-id': Flags.string({
    description:
      'Drive folder: its id, or its address in the browser; its run is where manifests lie by default',
    helpValue: 'ID',
  }),
};

export const namingFlag = {
  naming: Flags.string({ description: 'how file names are read', options: ['strict', 'relaxed'] }),
};

const retryOrphansFlag = {
  'retry-orphans': Flags.boolean({ description: 'try files again that had no observation or were gone' }),
};

export const maxTransferFlag = {
  'max-transfer': Flags.custom<number>({
    description: 'start no more files when so much has been read from Drive, like 700G (powers of 1024)',
    helpValue: 'SIZE',
    parse: async text => bytesOf(text, 'max-transfer'),
  })(),
};

export const selectionFlags = {
  recursive: Flags.boolean({
    description: 'list folders below the folder, too',
    default: true,
    allowNo: true,
  }),
  include: Flags.string({
    description: 'take only files that match, by name or by path below the folder; may be repeated',
    helpValue: 'GLOB',
    multiple: true,
    multipleNonGreedy: true,
  }),
  exclude: Flags.string({
    description: 'leave out files and folders that match; may be repeated',
    helpValue: 'GLOB',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/** Of stages: where the records go. */
export const recordFlags = {
  ...folderFlag,
  out: Flags.string({ description: 'write records to this file ("-": standard output)', helpValue: 'FILE' }),
  'skip-bad-lines': Flags.boolean({
    description: 'set lines that are not records aside in {stage}.rejected.ndjson instead of stopping',
  }),
  ...retryOrphansFlag,
};

/** Of stages after list: where the records come from, too. */
export const inputFlags = {
  ...recordFlags,
  'folder-id': Flags.string({
    description:
      "Drive folder: its id, or its address in the browser. Read and write the manifests of this folder's run, whatever standard input and output are",
    helpValue: 'ID',
  }),
  in: Flags.string({ description: 'read records from this file ("-": standard input)', helpValue: 'FILE' }),
};

/** Of commands that move bytes; `transferConfig` hands them to the configuration. */
export const transferFlags = {
  concurrency: Flags.integer({ description: 'files read from Drive at a time', min: 1, max: 100 }),
  bwlimit: Flags.string({
    description:
      'limit the bandwidth of all files together, in bytes a second: a rate like 20M or 512k (powers of 1024) or a timetable like "08:00,2M 18:00,off"',
    helpValue: 'RATE',
  }),
};

export function transferConfig(flags: { concurrency?: number; bwlimit?: string }): ConfigValues {
  return { 'migration.concurrency': flags.concurrency, 'migration.bwlimit': flags.bwlimit };
}

/** Of migrate and resume. */
export const migrationFlags = {
  ...folderFlag,
  ...transferFlags,
  ...namingFlag,
  ...retryOrphansFlag,
  rescan: Flags.boolean({
    description: 'list the folder again: what was added, renamed, replaced or removed since',
  }),
  ...selectionFlags,
  ...maxTransferFlag,
  'skip-existing': Flags.boolean({
    description: 'leave alone what media records of other tools link already; reads the Media table once',
  }),
  'keep-awake': Flags.boolean({
    description: 'keep the computer from falling asleep while files move',
    default: true,
    allowNo: true,
  }),
};
