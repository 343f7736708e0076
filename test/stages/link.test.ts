import { expect } from 'chai';
import fc from 'fast-check';
import { FileError, RunError } from '../../stages/errors.ts';
import { Shutdown } from '../../stages/flow/shutdown.ts';
import { type LinkOptions, link, type MediaLink, type MediaTable, mediaIdOf } from '../../stages/link.ts';
import type { FileRecord } from '../../stages/record.ts';
import { rejection } from '../config/scratch.ts';
import { located } from './fake-store.ts';
import {
  all,
  anyRecords,
  counted,
  expectAllAccountedFor,
  fileRecord,
  given,
  one,
  settled,
  through,
} from './flow.ts';

/** So long that a test would fail by its own timeout if anything waited for it. */
const NEVER_MS = 1_000_000;

class FakeMedia implements MediaTable {
  readonly requests: MediaLink[][] = [];
  refuse: (link: MediaLink) => FileError | null = () => null;

  async create(links: MediaLink[]): Promise<(FileError | null)[]> {
    this.requests.push(links);
    return links.map(this.refuse);
  }

  get links(): MediaLink[] {
    return this.requests.flat();
  }
}

/** Holds every request until the test answers it. */
class SlowMedia extends FakeMedia {
  readonly open: { links: MediaLink[]; answer: () => void; fail: (error: Error) => void }[] = [];

  override create(links: MediaLink[]): Promise<(FileError | null)[]> {
    return new Promise((resolve, reject) => {
      this.open.push({ links, answer: () => resolve(super.create(links)), fail: reject });
    });
  }
}

function uploaded(fields: Partial<FileRecord> = {}): FileRecord {
  return located({
    url: 'https://bucket/media/obs-1/6602.jpg',
    bytes: 8,
    etag: 'e1',
    verified: 'md5',
    status: 'uploaded',
    ...fields,
  });
}

/** An uploaded file of `count` observations. */
function rangeOf(count: number, fields: Partial<FileRecord> = {}): FileRecord {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const id = fields.id ?? 'file-1';
  return uploaded({
    sequentialIds: ids,
    observations: ids.map(sequentialId => ({ sequentialId, id: `obs-${sequentialId}` })),
    key: `media/obs-1/${id}.jpg`,
    ...fields,
  });
}

const options: LinkOptions = { isAvailableForPublicUse: false, lingerMs: NEVER_MS };

const refused = (more: { retryable?: boolean } = {}) =>
  new FileError('link_refused', 'It was refused.', more);

/** What becomes of a file whose links are refused so. */
async function linked(record: FileRecord, refuse: FakeMedia['refuse'] = () => null) {
  const media = new FakeMedia();
  media.refuse = refuse;
  return { media, ended: await one(link(media, options), record) };
}

const observationsOf = (links: readonly { observationId: string }[] = []) =>
  links.map(({ observationId }) => observationId);

describe('link', () => {
  it('derives the same id from an observation and a key, in this version and all later ones', () => {
    expect(mediaIdOf('obs-1', 'media/obs-1/6602.jpg')).to.equal('d11c5a4c-ca59-526b-96a0-3acd6cf297e0');
    expect(mediaIdOf('a', 'bc')).not.to.equal(mediaIdOf('ab', 'c'));
  });

  it('creates one media record for each observation, in their order, and adds them to all other fields', async () => {
    const record = rangeOf(3, { note: 'mine' });
    const links = ['obs-1', 'obs-2', 'obs-3'].map(observationId => ({
      id: mediaIdOf(observationId, record.key!),
      observationId,
    }));
    const { media, ended } = await linked(record);
    expect(ended).to.deep.equal({ ...record, media: links, status: 'completed' });
    expect(media.links).to.deep.equal(
      links.map(({ id, observationId }) => ({
        id,
        observationId,
        url: record.url,
        type: 'IMAGE',
        isAvailableForPublicUse: false,
        fileName: '6602.jpg (file-1)',
      })),
    );
  });

  it('fills requests with the links of many files, twenty-five to each', async () => {
    const media = new FakeMedia();
    const records = Array.from({ length: 60 }, (_, index) => uploaded({ id: `f${index}` }));
    const results = await through(link(media, options), records);
    expect(results.every(({ status }) => status === 'completed')).to.equal(true);
    expect(media.requests.map(links => links.length)).to.deep.equal([25, 25, 10]);
  });

  it('sends a request that is not full when nothing more comes for a while', async () => {
    const media = new FakeMedia();
    let end = () => {};
    const records = (async function* () {
      yield uploaded();
      await new Promise<void>(resolve => {
        end = resolve;
      });
    })();
    const results = link(media, { ...options, lingerMs: 1 })(records)[Symbol.asyncIterator]();
    expect((await results.next()).value).to.include({ status: 'completed' });
    end();
    expect((await results.next()).done).to.equal(true);
  });

  it('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    await settled();
    const before = timers();
    await through(link(new FakeMedia(), options), [uploaded()]);
    for await (const _ of link(
      new FakeMedia(),
      options,
    )(counted(index => uploaded({ id: `f${index}` })).records))
      break;
    expect(timers()).to.equal(before);
  });

  it('has at most four requests on their way, and takes no input beyond them', async () => {
    const media = new SlowMedia();
    const input = counted(index => uploaded({ id: `f${index}` }));
    const results = link(media, options)(input.records)[Symbol.asyncIterator]();
    const first = results.next();
    await settled();
    expect(media.open).to.have.length(4);
    const taken = input.taken();
    expect(taken).to.be.at.most(5 * 25 + 1);
    await settled();
    expect(input.taken()).to.equal(taken);
    media.open[0]!.answer();
    await first;
    await results.return?.();
  });

  it('makes a file partial when some of its links fail, and tells the first error', async () => {
    const { ended } = await linked(rangeOf(3), ({ observationId }) =>
      observationId === 'obs-2' ? refused({ retryable: true }) : null,
    );
    expect(ended.status).to.equal('partial');
    expect(observationsOf(ended.media)).to.deep.equal(['obs-1', 'obs-3']);
    const { code, message } = refused();
    expect(ended.error).to.deep.equal({ stage: 'link', code, message, retryable: true });
  });

  it('makes a file failed when none of its links could be made', async () => {
    const { ended } = await linked(rangeOf(2), () => refused());
    expect(ended).to.deep.include({ status: 'failed', media: [] });
    expect(ended.error).to.include({ code: 'link_refused', retryable: false });
  });

  it('makes a file partial when observations are missing, and names them', async () => {
    const { ended } = await linked(uploaded({ sequentialIds: [6602, 6603], missing: [6603] }));
    expect(ended).to.include({ status: 'partial' });
    expect(ended.media).to.have.length(1);
    expect(ended.error).to.include({ code: 'observations_missing', retryable: true });
    expect(ended.error!.message).to.contain('6603').and.to.contain('linked to 6602');
  });

  it('takes an id that is missing no longer, because a person wrote its observation down, for found', async () => {
    const observations = [
      { sequentialId: 6602, id: 'obs-1' },
      { sequentialId: 6603, id: 'by-hand' },
    ];
    const { ended } = await linked(uploaded({ sequentialIds: [6602, 6603], observations, missing: [6603] }));
    expect(ended).to.include({ status: 'completed' }).and.not.to.have.property('error');
  });

  it('creates only what a file has not yet, and gives all in the order of the observations', async () => {
    const had = [{ id: 'made-before', observationId: 'obs-2' }];
    const { media, ended } = await linked(rangeOf(3, { media: had }));
    expect(observationsOf(media.links)).to.deep.equal(['obs-1', 'obs-3']);
    expect(observationsOf(ended.media)).to.deep.equal(['obs-1', 'obs-2', 'obs-3']);
    expect(ended.status).to.equal('completed');
  });

  it('gives out every record that goes in exactly once, and calls completed only what is linked throughout', async () => {
    const lucky = fc.infiniteStream(fc.boolean());
    const sizes = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(anyRecords(), lucky, sizes, async (records, luck, linksPerRequest) => {
        const media = new FakeMedia();
        media.refuse = () => (luck.next().value ? null : refused());
        const results = await through(link(media, { ...options, linksPerRequest }), records);
        expectAllAccountedFor(records, results);
        expect(media.requests.every(links => links.length <= linksPerRequest)).to.equal(true);
        for (const [index, ended] of results.entries())
          if (ended.status === 'completed' && records[index]!.status !== 'completed')
            expect(observationsOf(ended.media)).to.include.members(ended.observations!.map(({ id }) => id));
      }),
    );
  });
});

describe('When no media may be created at all', () => {
  const refusal = new RunError('not_admin', 'You are not in ADMINS.', 'Ask for it.');

  it('the run is shut down and what waits is let go, to be linked by the next run', async () => {
    const media = new SlowMedia();
    const shutdown = new Shutdown();
    const records = Array.from({ length: 55 }, (_, index) => uploaded({ id: `f${index}` }));
    const results = all(link(media, { ...options, shutdown })(given(records)));
    await settled();
    expect(media.open.map(({ links }) => links.length)).to.deep.equal([25, 25, 5]);
    media.open[1]!.fail(refusal);
    media.open[0]!.answer();
    media.open[2]!.answer();
    expect(await results).to.have.length(30);
    expect(shutdown.reason).to.equal(refusal);
  });

  it('what was transferred before a shutdown for another reason is linked all the same', async () => {
    const shutdown = new Shutdown();
    shutdown.drain(refusal);
    const results = await through(link(new FakeMedia(), { ...options, shutdown }), [
      uploaded({ id: 'there' }),
      fileRecord({ id: 'not begun' }),
      uploaded({ id: 'done', status: 'duplicate' }),
    ]);
    expect(results.map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      'there completed',
      'done duplicate',
    ]);
  });
});

describe('When the input of link fails while requests are on their way', () => {
  it('the failure comes out of link, and out of nowhere else', async () => {
    const media = new SlowMedia();
    const unhandled: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', error => unhandled.push(error));
    try {
      const records = (async function* () {
        for (let index = 0; index < 5 * 25; index += 1) yield uploaded({ id: `f${index}` });
        throw new Error('the disk is full');
      })();
      const results = link(media, options)(records)[Symbol.asyncIterator]();
      const first = results.next();
      await settled();
      expect(media.open).to.have.length(4);
      media.open[0]!.answer();
      await first;
      for (let taken = 1; taken < 25; taken += 1) await results.next();
      const rest = rejection(all({ [Symbol.asyncIterator]: () => results }));
      await settled();
      expect(media.open, 'the last batch is on its way, and the input has failed behind it').to.have.length(
        5,
      );
      expect(unhandled).to.deep.equal([]);
      for (const { answer } of media.open) answer();
      expect((await rest).message).to.equal('the disk is full');
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });
});
