import { expect } from 'chai';
import { checkpointOf } from '../../../src/run/manifest/checkpoint.ts';
import type { FileRecord, StageName } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';

const listed = (fields: Partial<FileRecord> = {}) => fileRecord({ md5: 'a'.repeat(32), ...fields });

const parsed = (fields: Partial<FileRecord> = {}) =>
  listed({
    name: '6602-6603.jpg',
    pattern: 'range',
    sequentialIds: [6602, 6603],
    type: 'IMAGE',
    contentType: 'image/jpeg',
    ...fields,
  });

const resolved = (fields: Partial<FileRecord> = {}) =>
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

const transferred = (fields: Partial<FileRecord> = {}) =>
  resolved({ ...OBJECT, status: 'uploaded', ...fields });

const MEDIA = [
  { id: 'm1', observationId: 'obs-6602' },
  { id: 'm2', observationId: 'obs-6603' },
];

const errorOf = (stage: StageName, code = 'some') => ({
  stage,
  code,
  message: `${code} went wrong`,
  retryable: true,
});

/** A record whose first observation is missing. */
const PARTIAL = {
  observations: [{ sequentialId: 6603, id: 'obs-6603' }],
  missing: [6602],
  key: 'media/obs-6603/6602-6603.jpg',
};

const REVIEWED = listed({ status: 'needs_review', error: errorOf('parse') });
const COMPLETED = transferred({ media: MEDIA, status: 'completed' });
const { key: KEY, ...UNPLACED } = resolved();
const MISSING = { observations: [], missing: [6602, 6603], key: undefined, error: errorOf('resolve') };
const OTHER_BYTES = { md5: 'b'.repeat(32) };
const BY_HAND = { key: 'media/by-hand/x.jpg' };
const REPLACING = { replaces: 'e1', error: errorOf('transfer') };

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

const CASES: Record<string, Case[]> = {
  'of a new file': [['is the record of the stage before', 'transfer', resolved(), null, resolved()]],
  'of a file that the stage has worked on': [
    ['is its own record in parse', 'parse', listed({ name: '6602-6603.jpg' }), parsed(), parsed()],
    ['is its own record in resolve', 'resolve', parsed(), resolved(), resolved()],
    ['is its own record in transfer', 'transfer', resolved(), transferred(), transferred()],
    ['is its own record in link', 'link', transferred(), COMPLETED, COMPLETED],
    [
      'leaves it to resolve whether a duplicate still is one, without looking up its observations',
      'resolve',
      parsed(),
      { ...UNPLACED, status: 'duplicate', error: errorOf('resolve', 'duplicate') },
      UNPLACED,
    ],
    [
      'leaves orphans alone',
      'resolve',
      parsed(),
      resolved({ ...MISSING, status: 'orphan' }),
      resolved({ ...MISSING, status: 'orphan' }),
    ],
    [
      'gives orphans another try when told to',
      'resolve',
      parsed(),
      resolved({ ...MISSING, status: 'orphan' }),
      parsed(),
      true,
    ],
    [
      'keeps an upload whose link failed',
      'link',
      transferred(),
      transferred({ media: MEDIA.slice(0, 1), status: 'partial', error: errorOf('link') }),
      transferred({ media: MEDIA.slice(0, 1) }),
    ],
  ],
  'of a file that an earlier stage has stopped': [
    ['is what the earlier stage says', 'resolve', REVIEWED, resolved(), REVIEWED],
    ['keeps its object', 'transfer', REVIEWED, transferred(), { ...REVIEWED, key: KEY, ...OBJECT }],
    [
      'keeps its media records',
      'link',
      REVIEWED,
      COMPLETED,
      { ...REVIEWED, key: KEY, ...OBJECT, media: MEDIA },
    ],
    [
      'keeps the object that it may replace',
      'transfer',
      REVIEWED,
      resolved({ replaces: 'e0', status: 'failed', error: errorOf('transfer') }),
      { ...REVIEWED, key: KEY, replaces: 'e0' },
    ],
    [
      'forgets the object when the file has another key now',
      'transfer',
      resolved({ ...BY_HAND, status: 'failed', error: errorOf('resolve') }),
      transferred(),
      resolved({ ...BY_HAND, status: 'failed', error: errorOf('resolve') }),
    ],
    [
      'continues when the earlier stage has succeeded',
      'transfer',
      resolved(),
      parsed({ status: 'failed', error: errorOf('resolve') }),
      resolved(),
    ],
  ],
  'of a file with missing observations': [
    [
      'looks for them in every run, and keeps the key',
      'resolve',
      parsed(),
      resolved(PARTIAL),
      parsed({ key: PARTIAL.key }),
    ],
    [
      'keeps the object when one has appeared',
      'transfer',
      resolved({ key: PARTIAL.key }),
      transferred(PARTIAL),
      transferred({ key: PARTIAL.key }),
    ],
    [
      'keeps the media records when one has appeared',
      'link',
      transferred({ key: PARTIAL.key }),
      transferred({ ...PARTIAL, media: MEDIA.slice(1), status: 'partial', error: errorOf('link') }),
      transferred({ key: PARTIAL.key, media: MEDIA.slice(1) }),
    ],
    [
      'does not look for those that a person has written down',
      'resolve',
      parsed(),
      resolved({ missing: [6602] }),
      resolved({ missing: [6602] }),
    ],
    [
      'keeps the key although the line before has a note now',
      'resolve',
      parsed({ note: 'mine' }),
      resolved(PARTIAL),
      parsed({ note: 'mine', key: PARTIAL.key }),
    ],
  ],
  'of a line that a person has edited': [
    [
      'keeps a note in its own manifest',
      'link',
      transferred(),
      { ...COMPLETED, note: 'mine' },
      { ...COMPLETED, note: 'mine' },
    ],
    [
      'passes on a note of the manifest before, and transfers nothing again',
      'transfer',
      resolved({ note: 'mine' }),
      transferred(),
      transferred({ note: 'mine' }),
    ],
    [
      'passes on a note of the manifest before, and links nothing again',
      'link',
      transferred({ note: 'mine' }),
      COMPLETED,
      transferred({ note: 'mine', media: MEDIA }),
    ],
    [
      'takes sequential ids beside an old error of parse',
      'parse',
      listed({ name: 'photo.jpg' }),
      parsed({ name: 'photo.jpg', status: 'needs_review', error: errorOf('parse') }),
      parsed({ name: 'photo.jpg' }),
    ],
    [
      'takes sequential ids in the manifest before',
      'resolve',
      parsed({ name: 'photo.jpg', sequentialIds: [7] }),
      listed({ name: 'photo.jpg', status: 'needs_review', error: errorOf('parse') }),
      parsed({ name: 'photo.jpg', sequentialIds: [7] }),
    ],
    [
      'takes observations beside an old error of resolve',
      'resolve',
      parsed(),
      { ...UNPLACED, status: 'orphan', error: errorOf('resolve') },
      UNPLACED,
    ],
    [
      'does not keep a key that was made for other sequential ids',
      'resolve',
      parsed({ sequentialIds: [7] }),
      resolved(),
      parsed({ sequentialIds: [7] }),
    ],
    ['transfers again to another key', 'transfer', resolved(BY_HAND), transferred(), resolved(BY_HAND)],
    [
      'transfers other bytes over the object',
      'transfer',
      resolved(OTHER_BYTES),
      transferred(),
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
      resolved(),
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
    [
      'does a file again whose status was set back and whose results were removed',
      'transfer',
      resolved(),
      resolved(),
      resolved(),
    ],
  ],
};

/** A manifest with this line, and the lines that are appended to it. */
function checkpointOn(own: FileRecord | null, stage: StageName, retryOrphans = false) {
  const appended: FileRecord[] = [];
  const line = (record: FileRecord | null | undefined) =>
    record ? (JSON.parse(JSON.stringify(record)) as FileRecord) : undefined;
  const manifest = {
    last: () => line(appended.at(-1) ?? own),
    append: (record: FileRecord) => void appended.push(record),
  };
  return { ...checkpointOf(manifest, { stage, retryOrphans }), appended };
}

describe('The checkpoint of a stage', () => {
  for (const [what, cases] of Object.entries(CASES)) {
    describe(what, () => {
      for (const [title, stage, incoming, own, expected, retryOrphans] of cases)
        it(title, () => {
          const { restore } = checkpointOn(own, stage, retryOrphans);
          expect(restore(incoming)).to.deep.equal(JSON.parse(JSON.stringify(expected)));
        });
    });
  }

  it('gives failed, partial and needs_review files another try; transfer sees that it is another one', () => {
    for (const status of ['failed', 'partial', 'needs_review'] as const) {
      const error = errorOf('transfer');
      const transfer = checkpointOn(resolved({ status, error }), 'transfer');
      expect(transfer.restore(resolved()), status).to.deep.equal(resolved({ error }));
      const link = checkpointOn(transferred({ status, error: errorOf('link') }), 'link');
      expect(link.restore(transferred()), status).to.deep.equal(transferred());
    }
  });

  it('continues with pending, downloaded and uploaded files', () => {
    for (const status of ['pending', 'downloaded', 'uploaded'] as const) {
      const own = transferred({ status });
      expect(checkpointOn(own, 'transfer').restore(resolved())).to.deep.equal(own);
    }
  });

  it('writes a record that says something new, once', async () => {
    const { save, appended } = checkpointOn(null, 'parse');
    for (const fields of [{}, { note: undefined }, { note: 'new' }, { note: 'new' }])
      await save(parsed(fields));
    expect(appended).to.deep.equal([parsed(), parsed({ note: 'new' })]);
  });

  it('does not write a record again that it has restored, or that an earlier stage stops again', async () => {
    for (const [stage, incoming, own] of [
      ['link', transferred(), COMPLETED],
      ['link', REVIEWED, { ...REVIEWED }],
      ['resolve', parsed(), resolved({ missing: [6602] })],
    ] as const) {
      const { restore, save, appended } = checkpointOn(own, stage);
      await save(restore(incoming));
      expect(appended).to.deep.equal([]);
    }
  });
});
