/** What happens in a run. Progress, counts, log and progress file listen; stages and pipeline emit. */
import { EventEmitter } from 'node:events';
import type { StageEvents } from '../../stages/events.ts';
import { type FileRecord, isWithdrawn } from '../../stages/record.ts';

interface RunEventMap extends StageEvents {
  /** A file was listed. `isTransferred`: an earlier run has transferred it. */
  listed: [record: FileRecord, isTransferred: boolean];
  /** The listing is complete: the number of files is final. */
  allListed: [];
  /** A file was resolved: it is known whether it is to be transferred. */
  planned: [record: FileRecord];
  /** A file came out of the last stage. */
  finished: [record: FileRecord];
  /** Something that the person should read, and that stops nothing. */
  warning: [message: string];
}

export class RunEvents extends EventEmitter<RunEventMap> {
  readonly warn = (message: string): void => void this.emit('warning', message);

  /** Reports all files before the first one is worked on, so that progress has its totals. */
  listAll(records: Iterable<FileRecord>, isTransferred: (record: FileRecord) => boolean): void {
    for (const record of records) {
      if (!isWithdrawn(record)) this.emit('listed', record, isTransferred(record));
    }
    this.emit('allListed');
  }

  /** A step of the pipeline that reports each record and passes it on. */
  readonly tapPlanned = (record: FileRecord): FileRecord => {
    this.emit('planned', record);
    return record;
  };

  readonly finish = (record: FileRecord): void => {
    if (!isWithdrawn(record)) this.emit('finished', record);
  };
}
