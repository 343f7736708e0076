import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkpointOf } from '../../../src/run/manifest/checkpoint.ts';
import { ManifestFile } from '../../../src/run/manifest/manifest-file.ts';
import { lineOf } from '../../../src/run/manifest/record-line.ts';
import { type FileRecord, STATUSES, type StageName } from '../../../stages/record.ts';
import { type Scratch, scratchFolder } from '../../config/scratch.ts';
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

describe('The memory of a stage', () => {
  let scratch: Scratch;
  let path: string;

  beforeEach(async () => {
    scratch = await scratchFolder();
    path = join(scratch.folder, 'stage.ndjson');
  });
  afterEach(() => scratch.remove());

  const content = () => readFileSync(path, 'utf8');

  /** What a stage whose manifest holds `own` gets to work on for `incoming`, and what is appended for it then. */
  async function recalled(
    stage: StageName,
    incoming: FileRecord,
    own: FileRecord | null,
    { retryOrphans = false } = {},
  ): Promise<{ record: FileRecord; appendedIfLeftAlone: boolean }> {
    writeFileSync(path, own ? lineOf(own) : '');
    const manifest = await ManifestFile.open(path, { write: true, warn: () => {} });
    const { restore, save } = checkpointOf(manifest, { stage, retryOrphans });
    const record = restore(incoming);
    const before = content();
    await save(record);
    await manifest.close();
    return { record, appendedIfLeftAlone: content() !== before };
  }

  const restore = async (...args: Parameters<typeof recalled>) => (await recalled(...args)).record;

  it('has nothing to say about a file that is new', async () => {
    const incoming = parsed();
    const { record, appendedIfLeftAlone } = await recalled('resolve', incoming, null);
    expect(record).to.equal(incoming);
    expect(appendedIfLeftAlone).to.equal(true);
  });

  it('puts what the stage made of a file in the place of the file, and does not write it again', async () => {
    for (const [stage, incoming, own] of [
      ['parse', listed({ name: '6602-6603.jpg' }), parsed()],
      ['resolve', parsed(), resolved()],
      ['transfer', resolved(), transferred()],
      ['link', transferred(), transferred({ media: MEDIA, status: 'completed' })],
    ] as const) {
      const { record, appendedIfLeftAlone } = await recalled(stage, incoming, own);
      expect(record, stage).to.deep.equal(own);
      expect(appendedIfLeftAlone, stage).to.equal(false);
    }
  });

  it('writes a record that says something new, and not one that says the same again', async () => {
    const manifest = await ManifestFile.open(path, { write: true, warn: () => {} });
    const { save } = checkpointOf(manifest, { stage: 'parse', retryOrphans: false });
    await save(parsed());
    await save(parsed({ note: undefined }));
    await save(parsed({ note: 'new' }));
    await save(parsed({ note: 'new' }));
    await manifest.close();
    expect(content()).to.equal(lineOf(parsed()) + lineOf(parsed({ note: 'new' })));
  });

  it('keeps one line of a file that comes twice in a row', async () => {
    const manifest = await ManifestFile.open(path, { write: true, warn: () => {} });
    const memory = checkpointOf(manifest, { stage: 'parse', retryOrphans: false });
    const first = memory.save(memory.restore(parsed()));
    const second = memory.save(memory.restore(parsed()));
    await Promise.all([first, second]);
    await manifest.close();
    expect(content()).to.equal(lineOf(parsed()));
  });

  describe('of a file that it had finished with, in each status', () => {
    it('leaves completed files as they are', async () => {
      const own = transferred({ media: MEDIA, status: 'completed' });
      const { record, appendedIfLeftAlone } = await recalled('link', transferred(), own);
      expect(record).to.deep.equal(own);
      expect(appendedIfLeftAlone).to.equal(false);
    });

    it('lets resolve ask in each run whether a duplicate still is one, without looking its observations up', async () => {
      const { key: _, ...unplaced } = resolved();
      const own = { ...unplaced, status: 'duplicate' as const, error: errorOf('resolve', 'duplicate') };
      const { record } = await recalled('resolve', parsed(), own);
      expect(record).to.deep.equal(unplaced);
    });

    it('gives failed, partial and needs_review files another try; transfer sees that it is another one', async () => {
      for (const status of ['failed', 'partial', 'needs_review'] as const) {
        const error = errorOf('transfer');
        const own = resolved({ status, error });
        expect(await restore('transfer', resolved(), own), status).to.deep.equal(resolved({ error }));
        const linking = transferred({ status, error: errorOf('link') });
        expect(await restore('link', transferred(), linking), status).to.deep.equal(transferred());
      }
    });

    it('gives orphans another try only when told to', async () => {
      const own = resolved({
        observations: [],
        missing: [6602, 6603],
        key: undefined,
        status: 'orphan',
        error: errorOf('resolve'),
      });
      const before = await restore('resolve', parsed(), own);
      expect(before.status).to.equal('orphan');
      expect(await restore('resolve', parsed(), own, { retryOrphans: true })).to.deep.equal(parsed());
    });

    it('takes up pending, downloaded and uploaded files where they stand', async () => {
      for (const status of ['pending', 'downloaded', 'uploaded'] as const) {
        const own = transferred({ status });
        expect(await restore('transfer', resolved(), own)).to.deep.equal(own);
      }
    });

    it('goes on behind an upload when linking had failed', async () => {
      const own = transferred({ media: MEDIA.slice(0, 1), status: 'partial', error: errorOf('link') });
      expect(await restore('link', transferred(), own)).to.deep.equal(
        transferred({ media: MEDIA.slice(0, 1) }),
      );
    });

    it('has a word for every status there is', async () => {
      for (const status of STATUSES) {
        const own = resolved({ status });
        const { id } = await restore('resolve', parsed(), own);
        expect(id).to.equal(own.id);
      }
    });
  });

  describe('of a file that an earlier stage has stopped', () => {
    it('gives way to what the earlier stage says', async () => {
      const incoming = listed({ status: 'needs_review', error: errorOf('parse') });
      const { record, appendedIfLeftAlone } = await recalled('resolve', incoming, resolved());
      expect(record).to.equal(incoming);
      expect(appendedIfLeftAlone).to.equal(true);
    });

    it('does not forget the object and the media that exist for it', async () => {
      const incoming = listed({ status: 'needs_review', error: errorOf('parse') });
      const { key } = resolved();
      const own = transferred({ media: MEDIA, status: 'completed' });
      expect(await restore('link', incoming, own)).to.deep.equal({
        ...incoming,
        key,
        ...OBJECT,
        media: MEDIA,
      });
      expect(await restore('transfer', incoming, transferred())).to.deep.equal({
        ...incoming,
        key,
        ...OBJECT,
      });
      const failed = resolved({ replaces: 'e0', status: 'failed', error: errorOf('transfer') });
      expect(await restore('transfer', incoming, failed)).to.deep.equal({ ...incoming, key, replaces: 'e0' });
    });

    it('forgets them when the file has its place elsewhere by now', async () => {
      const incoming = resolved({ key: 'media/by-hand/x.jpg', status: 'failed', error: errorOf('resolve') });
      expect(await restore('transfer', incoming, transferred())).to.equal(incoming);
    });

    it('writes nothing when it knows that already', async () => {
      const incoming = listed({ status: 'needs_review', error: errorOf('parse') });
      expect((await recalled('link', incoming, { ...incoming })).appendedIfLeftAlone).to.equal(false);
    });

    it('gives way once the earlier stage has got further', async () => {
      const own = parsed({ status: 'failed', error: errorOf('resolve') });
      expect(await restore('transfer', resolved(), own)).to.deep.equal(resolved());
    });
  });

  describe('of a file whose missing observations are looked for again', () => {
    it('looks again in every run, and keeps the key', async () => {
      const record = await restore('resolve', parsed(), resolved(PARTIAL));
      expect(record).to.deep.equal(parsed({ key: PARTIAL.key }));
    });

    it('keeps object and media when one has appeared: only the new link is left to make', async () => {
      const now = resolved({ key: PARTIAL.key });
      const atTransfer = await restore('transfer', now, transferred(PARTIAL));
      expect(atTransfer).to.deep.equal({ ...now, ...OBJECT, status: 'uploaded' });

      const media = MEDIA.slice(1);
      const linked = transferred({ ...PARTIAL, media, status: 'partial', error: errorOf('link') });
      expect(await restore('link', atTransfer, linked)).to.deep.equal({ ...atTransfer, media });
    });

    it('does not look again when a person has written the observations down and left "missing" as it was', async () => {
      const byHand = resolved({ missing: [6602] });
      const { record, appendedIfLeftAlone } = await recalled('resolve', parsed(), byHand);
      expect(record).to.deep.equal(byHand);
      expect(appendedIfLeftAlone).to.equal(false);
    });

    it('keeps the key although a person has written a note into the line before', async () => {
      const record = await restore('resolve', parsed({ note: 'mine' }), resolved(PARTIAL));
      expect(record).to.deep.equal(parsed({ note: 'mine', key: PARTIAL.key }));
    });
  });

  describe('of a line that a person has edited', () => {
    it('takes over a note that was written into its own manifest', async () => {
      const own = resolved({ note: 'mine' });
      expect(await restore('resolve', parsed(), own)).to.deep.equal(own);
      const done = transferred({ media: MEDIA, status: 'completed', note: 'mine' });
      expect(await restore('link', transferred(), done)).to.deep.equal(done);
    });

    it('passes on a note that was written into the manifest before, and does nothing again for it', async () => {
      const incoming = resolved({ note: 'mine' });
      expect(await restore('transfer', incoming, transferred())).to.deep.equal({
        ...incoming,
        ...OBJECT,
        status: 'uploaded',
      });
      const atLink = transferred({ note: 'mine' });
      const linked = transferred({ media: MEDIA, status: 'completed' });
      expect(await restore('link', atLink, linked)).to.deep.equal({ ...atLink, media: MEDIA });
    });

    it('goes on with sequential ids that were written beside an old complaint of parse', async () => {
      const own = parsed({ name: 'photo.jpg', status: 'needs_review', error: errorOf('parse') });
      const incoming = listed({ name: 'photo.jpg' });
      expect(await restore('parse', incoming, own)).to.deep.equal(parsed({ name: 'photo.jpg' }));
    });

    it('goes on with sequential ids that were written into the manifest before', async () => {
      const incoming = parsed({ name: 'photo.jpg', sequentialIds: [7] });
      const own = listed({ name: 'photo.jpg', status: 'needs_review', error: errorOf('parse') });
      expect(await restore('resolve', incoming, own)).to.deep.equal(incoming);
    });

    it('goes on with observations that were written beside an old complaint of resolve', async () => {
      for (const status of ['needs_review', 'orphan'] as const) {
        const own = resolved({ key: undefined, status, error: errorOf('resolve') });
        const { error: _, ...answered } = own;
        expect(await restore('resolve', parsed(), own), status).to.deep.equal(
          JSON.parse(JSON.stringify({ ...answered, status: 'pending' })),
        );
      }
    });

    it('goes on with other sequential ids, and does not keep a key that was made for the old ones', async () => {
      const incoming = parsed({ sequentialIds: [7] });
      expect(await restore('resolve', incoming, resolved())).to.deep.equal(incoming);
    });

    it('transfers again when key or content are other ones than those in S3, and may then replace that object', async () => {
      const otherKey = resolved({ key: 'media/by-hand/x.jpg' });
      expect(await restore('transfer', otherKey, transferred())).to.deep.equal(otherKey);
      const otherContent = resolved({ md5: 'b'.repeat(32) });
      expect(await restore('transfer', otherContent, transferred())).to.deep.equal({
        ...otherContent,
        replaces: transferred().etag,
      });
    });

    it('replaces the object that another tool has stored in one piece, whose etag it was not told', async () => {
      const own = transferred({ etag: undefined, takenOver: true });
      const incoming = resolved({ md5: 'b'.repeat(32), takenOver: true, url: OBJECT.url });
      const { url: _, ...untransferred } = incoming;
      expect(await restore('transfer', incoming, own)).to.deep.equal({ ...untransferred, replaces: own.md5 });
    });

    it('remembers over failed attempts which object a file may replace', async () => {
      const failed = resolved({ replaces: 'e1', status: 'failed', error: errorOf('transfer') });
      const again = resolved({ replaces: 'e1', error: errorOf('transfer') });
      expect(await restore('transfer', resolved(), failed)).to.deep.equal(again);
      const renamed = resolved({ name: '6602-6603b.jpg', replaces: 'e1' });
      expect(await restore('transfer', resolved({ name: renamed.name }), failed)).to.deep.equal(renamed);
    });

    it('does a file again whose status was set back to pending and whose results were taken out', async () => {
      const own = resolved();
      expect(await restore('transfer', resolved(), own)).to.deep.equal(own);
    });

    it('does a file again whose line was deleted', async () => {
      const incoming = resolved();
      expect(await restore('transfer', incoming, null)).to.equal(incoming);
    });
  });
});
