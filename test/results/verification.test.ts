import { expect } from 'chai';
import { type VerificationOptions, verify } from '../../src/results/verification.ts';
import type { MediaRecord } from '../../src/services/appsync/media-records.ts';
import type { ObjectState } from '../../src/services/s3/objects.ts';
import type { FileRecord } from '../../stages/record.ts';
import { md5Of } from '../services/s3/local-storage.ts';
import { fileRecord } from '../stages/flow.ts';

const bytes = Buffer.from('abc');
const recordOf = (n: number, fields: Partial<FileRecord> = {}): FileRecord =>
  fileRecord({
    id: `f${n}`,
    name: `${n}.jpg`,
    md5: md5Of(bytes),
    key: `media/o${n}/${n}.jpg`,
    url: `https://b/media/o${n}/${n}.jpg`,
    bytes: 3,
    etag: md5Of(bytes),
    verified: 'md5',
    storedAt: '2026-03-02T08:30:00.000Z',
    media: [{ id: `m${n}`, observationId: `o${n}` }],
    status: 'completed',
    ...fields,
  });

class World {
  readonly objects = new Map<string, ObjectState & { content: Buffer }>();
  readonly media = new Map<string, MediaRecord>();
  readonly asked: string[] = [];

  constructor(records: FileRecord[]) {
    for (const { key, etag, url, media } of records) {
      this.objects.set(key!, {
        key: key!,
        bytes: 3,
        etag: etag ?? md5Of(bytes),
        fileId: null,
        content: bytes,
      });
      for (const { id, observationId } of media ?? []) this.media.set(id, { id, observationId, url: url! });
    }
  }

  options(more: Partial<VerificationOptions> = {}): VerificationOptions {
    const world = this;
    return {
      deep: false,
      concurrency: 3,
      objects: {
        async *list() {
          world.asked.push('list');
          yield [...world.objects.values()];
        },
        find: async key => {
          world.asked.push('find object');
          return world.objects.get(key) ?? null;
        },
        read: async key => {
          world.asked.push('read');
          const content = world.objects.get(key)?.content;
          return content
            ? (async function* () {
                yield content;
              })()
            : null;
        },
      },
      media: {
        async *sweep() {
          world.asked.push('sweep');
          yield [...world.media.values()];
        },
        find: async ids => {
          world.asked.push('find media');
          return new Map(ids.flatMap(id => (world.media.has(id) ? [[id, world.media.get(id)!]] : [])));
        },
        unreadable: new Set(),
      },
      ...more,
    };
  }
}

const codes = (findings: { record: FileRecord; code: string }[][]) =>
  findings.flat().map(({ record, code }) => `${record.id} ${code}`);

describe('verification', () => {
  it('tells objects that are missing, of another size, or replaced, in the order of the records', async () => {
    const records = [recordOf(1), recordOf(2), recordOf(3), recordOf(4)];
    const world = new World(records);
    world.objects.delete(records[0]!.key!);
    world.objects.get(records[1]!.key!)!.bytes = 4;
    world.objects.get(records[3]!.key!)!.etag = 'other';
    const findings = await verify(records, world.options());
    expect(codes(findings)).to.deep.equal(['f1 object_missing', 'f2 object_differs', 'f4 object_differs']);
    expect(findings[1]![0]!.message).to.match(/^2\.jpg \(f2\): .*4 bytes, not 3/);
  });

  it('accepts an etag that is the md5 which Drive gives, and a record without one', async () => {
    const records = [recordOf(1, { etag: 'abc-2' }), recordOf(2, { etag: undefined })];
    const world = new World(records);
    world.objects.get(records[0]!.key!)!.etag = md5Of(bytes);
    world.objects.get(records[1]!.key!)!.etag = 'anything-2';
    expect(await verify(records, world.options())).to.deep.equal([]);
  });

  it('calls an object missing that goes while it is read', async () => {
    const records = [recordOf(1)];
    const world = new World(records);
    const options = world.options({ deep: true });
    options.objects.read = async () => null;
    expect(codes(await verify(records, options))).to.deep.equal(['f1 object_missing']);
  });

  it('tells media records that are missing or point elsewhere, but not those whose address is only written differently', async () => {
    const records = [1, 2, 3, 4].map(n => recordOf(n));
    const world = new World(records);
    world.media.delete('m1');
    world.media.get('m2')!.observationId = 'o9';
    world.media.get('m3')!.url = 'https://b/media/o3/other.jpg';
    world.media.get('m4')!.url = 'https://b/media/o4/%34.jpg';
    expect(codes(await verify(records, world.options()))).to.deep.equal([
      'f1 media_missing',
      'f2 media_differs',
      'f3 media_differs',
    ]);
  });

  it('asks one by one for few files, and in sweeps for many', async () => {
    const few = [recordOf(1), recordOf(2)];
    const world = new World(few);
    await verify(few, world.options());
    expect(world.asked.sort()).to.deep.equal(['find media', 'find object', 'find object']);
    const many = Array.from({ length: 2001 }, (_, n) => recordOf(n));
    const large = new World(many);
    large.objects.delete('media/o7/7.jpg');
    large.media.delete('m8');
    const findings = await verify(many, large.options());
    expect(codes(findings)).to.deep.equal(['f7 object_missing', 'f8 media_missing']);
    expect(large.asked.sort()).to.deep.equal(['list', 'sweep']);
  });
});
