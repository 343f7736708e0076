import type { DriveRef, FileRecord } from '../../stages/record.ts';
import type { SelectionRules } from '../../stages/selection.ts';
import type { Run } from './manifest/run.ts';
import type { StageContext } from './stages.ts';

export interface MigrationOptions extends StageContext {
  run: Run;
  root: DriveRef;
  /** The part of the folder that the run is about, as {@link StageContext.selection} has it; null for all of it. */
  rules: SelectionRules | null;
  /** The stages to run, from list on. */
  until: 'resolve' | 'link';
  /** List the folder again, even if the listing is complete. */
  rescan: boolean;
  /** Adds to a record what another tool has done for the file. */
  withEarlierWork: ((record: FileRecord) => FileRecord) | null;
}
