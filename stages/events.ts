import type { FileRecord } from './record.ts';

/** What the stages report while they work, by the names of Node's events. */
export interface StageEvents {
  transferStarted: [record: FileRecord];
  /** More bytes of the file have been read from Drive. */
  bytesRead: [record: FileRecord, bytes: number];
  /** An attempt failed and its bytes do not count; another one may follow. */
  transferRetried: [record: FileRecord];
  transferEnded: [record: FileRecord];
  /** The number of concurrent transfers has changed: fewer when a service throttles, then more again. */
  workersChanged: [workers: number];
  /** Media records of these files are created in one request. */
  linkStarted: [records: readonly FileRecord[]];
  /** The same files, linked or not. */
  linkEnded: [records: readonly FileRecord[]];
}

/** Where a stage reports to: a Node EventEmitter. */
export interface StageEmitter {
  emit<Name extends keyof StageEvents>(name: Name, ...values: StageEvents[Name]): boolean;
}
