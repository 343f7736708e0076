/** What each status means to a person: in the summary of a run, in `status` and in the report. */
import type { Status } from '../../../stages/record.ts';

interface StatusText {
  title: string;
  meaning: string;
  /** What to do, or what the next run does; empty if there is nothing to do. */
  next: string;
}

export const STATUS_TEXTS: Readonly<Record<Status, StatusText>> = {
  completed: {
    title: 'Completed',
    meaning: 'in S3 and linked to every observation in its name',
    next: '',
  },
  duplicate: {
    title: 'Duplicate',
    meaning: 'identical copy of another file; only one copy is migrated',
    next: '',
  },
  uploaded: { title: 'Uploaded', meaning: 'in S3, not linked yet', next: '"migrator resume" links it' },
  downloaded: { title: 'Downloaded', meaning: 'in progress', next: '"migrator resume" continues' },
  pending: { title: 'Pending', meaning: 'ready to migrate', next: '' },
  partial: {
    title: 'Partial',
    meaning: 'linked to some observations; others are missing or could not be linked',
    next: 'each run tries again',
  },
  failed: {
    title: 'Failed',
    meaning: 'all retries failed, or the file was refused',
    next: '"migrator resume" tries again',
  },
  orphan: {
    title: 'Orphan',
    meaning: 'no observation has this id, or the file is no longer in Drive',
    next: '"migrator resume --retry-orphans" tries again',
  },
  needs_review: {
    title: 'Needs review',
    meaning: 'needs your decision',
    next: '"migrator review" shows the reason for each file',
  },
};

export const STATUSES_SHOWN = Object.keys(STATUS_TEXTS) as Status[];
