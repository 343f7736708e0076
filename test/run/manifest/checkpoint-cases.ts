/** What a file's record is when a stage takes it up again. */
import type { FileRecord, StageName, Status } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';

const listed = (fields: Partial<FileRecord> = {}) => fileRecord({ md5: 'a'.repeat(32), ...fields });

export const parsed = (fields: Partial<FileRecord> = {}) =>
  listed({
    name: '6602-6603.jpg',
    pattern: 'range',
    sequentialIds: [6602, 6603],
    type: 'IMAGE',
    contentType: 'image/jpeg',
    ...fields,
  });

export const resolved = (fields: Partial<FileRecord> = {}) =>
  parsed({
    observations: [
      { sequentialId: 6602, id: 'obs-6602' },
      { sequentialId: 6603, id: 'obs-6603' },
    ],
    missing: [],
    key: 'media/obs-6602/6602-6603.jpg',
    ...fields,
  });

const OBJECT = {
  url: 'https://bucket/x',
  bytes: 3,
  etag: 'e1',
  verified: 'md5' as const,
  storedAt: '2026-03-02T08:30:00.000Z',
};

export const transferred = (fields: Partial<FileRecord> = {}) =>
  resolved({ ...OBJECT, status: 'uploaded', ...fields });

const MEDIA = [
  { id: 'm1', observationId: 'obs-6602' },
  { id: 'm2', observationId: 'obs-6603' },
];

export const errorOf = (stage: StageName, code = 'some') => ({
  stage,
  code,
  message: `${code} went wrong`,
  retryable: true,
});

const failed = (stage: StageName, status: Status = 'failed') => ({ status, error: errorOf(stage) });

/** What parse, resolve, transfer and link make of the file. */
const PARSED = parsed();
const RESOLVED = resolved();
const UPLOADED = transferred();
export const COMPLETED = transferred({ media: MEDIA, status: 'completed' });

export const REVIEWED = listed(failed('parse', 'needs_review'));
const { key: KEY, ...UNPLACED } = RESOLVED;
const ORPHAN = resolved({
  observations: [],
  missing: [6602, 6603],
  key: undefined,
  ...failed('resolve', 'orphan'),
});
/** The first observation is missing. */
const PARTIAL = {
  observations: [{ sequentialId: 6603, id: 'obs-6603' }],
  missing: [6602],
  key: 'media/obs-6603/6602-6603.jpg',
};
const ELSEWHERE = { key: PARTIAL.key };
const BY_PERSON = resolved({ missing: [6602] });
const OTHER_IDS = parsed({ sequentialIds: [7] });
const OTHER_BYTES = { md5: 'b'.repeat(32) };
const BY_HAND = { key: 'media/by-hand/x.jpg' };
const STOPPED = resolved({ ...BY_HAND, ...failed('resolve') });
const REPLACING = { replaces: 'e1', error: errorOf('transfer') };
const NOTE = { note: 'mine' };
const PHOTO = { name: 'photo.jpg' };
const PHOTO_WITH_IDS = parsed({ ...PHOTO, sequentialIds: [7] });

type Case = [
  title: string,
  stage: StageName,
  incoming: FileRecord,
  /** The line that the stage's own manifest has. */
  own: FileRecord | null,
  /** The record that the stage works on. */
  expected: FileRecord,
  retryOrphans?: boolean,
];

export const CASES: Record<string, Case[]> = {
  'of a new file': [['is the record of the stage before', 'transfer', RESOLVED, null, RESOLVED]],
  'of a file that the stage has worked on': [
    ['is its own record in parse', 'parse', listed({ name: '6602-6603.jpg' }), PARSED, PARSED],
    ['is its own record in resolve', 'resolve', PARSED, RESOLVED, RESOLVED],
    ['is its own record in transfer', 'transfer', RESOLVED, UPLOADED, UPLOADED],
    ['is its own record in link', 'link', UPLOADED, COMPLETED, COMPLETED],
    [
      'leaves it to resolve whether a duplicate still is one, without looking up its observations',
      'resolve',
      PARSED,
      { ...UNPLACED, ...failed('resolve', 'duplicate') },
      UNPLACED,
    ],
    ['leaves orphans alone', 'resolve', PARSED, ORPHAN, ORPHAN],
    ['gives orphans another try when told to', 'resolve', PARSED, ORPHAN, PARSED, true],
    [
      'keeps an upload whose link failed',
      'link',
      UPLOADED,
      transferred({ media: MEDIA.slice(0, 1), ...failed('link', 'partial') }),
      transferred({ media: MEDIA.slice(0, 1) }),
    ],
  ],
  'of a file that an earlier stage has stopped': [
    ['is what the earlier stage says', 'resolve', REVIEWED, RESOLVED, REVIEWED],
    ['keeps its object', 'transfer', REVIEWED, UPLOADED, { ...REVIEWED, key: KEY, ...OBJECT }],
    ['keeps its media', 'link', REVIEWED, COMPLETED, { ...REVIEWED, key: KEY, ...OBJECT, media: MEDIA }],
    [
      'keeps the object that it may replace',
      'transfer',
      REVIEWED,
      resolved({ replaces: 'e0', ...failed('transfer') }),
      { ...REVIEWED, key: KEY, replaces: 'e0' },
    ],
    ['forgets the object when the file has another key now', 'transfer', STOPPED, UPLOADED, STOPPED],
    [
      'continues when the earlier stage has succeeded',
      'transfer',
      RESOLVED,
      parsed(failed('resolve')),
      RESOLVED,
    ],
  ],
  'of a file with missing observations': [
    ['looks for them again, and keeps the key', 'resolve', PARSED, resolved(PARTIAL), parsed(ELSEWHERE)],
    [
      'keeps the object when one has appeared',
      'transfer',
      resolved(ELSEWHERE),
      transferred(PARTIAL),
      transferred(ELSEWHERE),
    ],
    [
      'keeps the media records when one has appeared',
      'link',
      transferred(ELSEWHERE),
      transferred({ ...PARTIAL, media: MEDIA.slice(1), ...failed('link', 'partial') }),
      transferred({ ...ELSEWHERE, media: MEDIA.slice(1) }),
    ],
    ['does not look for those that a person has written down', 'resolve', PARSED, BY_PERSON, BY_PERSON],
    [
      'keeps the key although the line before has a note now',
      'resolve',
      parsed(NOTE),
      resolved(PARTIAL),
      parsed({ ...NOTE, ...ELSEWHERE }),
    ],
  ],
  'of a line that a person has edited': [
    ['keeps a note', 'link', UPLOADED, { ...COMPLETED, ...NOTE }, { ...COMPLETED, ...NOTE }],
    [
      'passes on a note of the manifest before, and transfers nothing again',
      'transfer',
      resolved(NOTE),
      UPLOADED,
      transferred(NOTE),
    ],
    [
      'passes on a note of the manifest before, and links nothing again',
      'link',
      transferred(NOTE),
      COMPLETED,
      transferred({ ...NOTE, media: MEDIA }),
    ],
    [
      'takes sequential ids beside an old error of parse',
      'parse',
      listed(PHOTO),
      parsed({ ...PHOTO, ...failed('parse', 'needs_review') }),
      parsed(PHOTO),
    ],
    [
      'takes sequential ids in the manifest before',
      'resolve',
      PHOTO_WITH_IDS,
      listed({ ...PHOTO, ...failed('parse', 'needs_review') }),
      PHOTO_WITH_IDS,
    ],
    [
      'takes observations beside an old error of resolve',
      'resolve',
      PARSED,
      { ...UNPLACED, ...failed('resolve', 'orphan') },
      UNPLACED,
    ],
    ['keeps no key that was made for other ids', 'resolve', OTHER_IDS, RESOLVED, OTHER_IDS],
    ['transfers again to another key', 'transfer', resolved(BY_HAND), UPLOADED, resolved(BY_HAND)],
    [
      'transfers other bytes over the object',
      'transfer',
      resolved(OTHER_BYTES),
      UPLOADED,
      resolved({ ...OTHER_BYTES, replaces: 'e1' }),
    ],
    [
      'replaces the object of another tool, which has the md5 as its ETag',
      'transfer',
      resolved({ ...OTHER_BYTES, takenOver: true, url: OBJECT.url }),
      transferred({ etag: undefined, takenOver: true }),
      resolved({ ...OTHER_BYTES, takenOver: true, replaces: 'a'.repeat(32) }),
    ],
    [
      'remembers over failed attempts which object a file may replace',
      'transfer',
      RESOLVED,
      resolved({ ...REPLACING, status: 'failed' }),
      resolved(REPLACING),
    ],
    [
      'remembers it for a renamed file, too',
      'transfer',
      resolved({ name: '6602-6603b.jpg' }),
      resolved({ ...REPLACING, status: 'failed' }),
      resolved({ name: '6602-6603b.jpg', replaces: 'e1' }),
    ],
    ['does a file again whose results were removed', 'transfer', RESOLVED, RESOLVED, RESOLVED],
  ],
};
