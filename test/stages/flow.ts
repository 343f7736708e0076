/** Records on their way through a stage. */
import fc from 'fast-check';
import { type FileRecord, STAGES, STATUSES } from '../../stages/record.ts';
import type { Stage } from '../../stages/stage.ts';

/** A record as the listing gives it, with what a test says otherwise. */
export function fileRecord(fields: Partial<FileRecord> = {}): FileRecord {
  return {
    id: 'file-1',
    name: '6602.jpg',
    path: '',
    size: 3,
    mimeType: 'image/jpeg',
    md5: null,
    modifiedTime: '2024-05-01T10:00:00.000Z',
    status: 'pending',
    ...fields,
  };
}

export async function* given<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** Everything that comes, in its order. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export function through(stage: Stage, records: Iterable<FileRecord>): Promise<FileRecord[]> {
  return all(stage(given(records)));
}

/** The one record that comes out for the one that goes in. */
export async function one(stage: Stage, record: FileRecord): Promise<FileRecord> {
  const [result, ...more] = await through(stage, [record]);
  if (!result || more.length > 0) throw new Error(`expected one record, got ${result ? more.length + 1 : 0}`);
  return result;
}

/** Endless input that counts what has been taken of it. */
export function counted(recordAt: (index: number) => FileRecord): {
  records: AsyncGenerator<FileRecord>;
  taken: () => number;
} {
  let taken = 0;
  const records = (async function* () {
    for (;;) yield recordAt(taken++);
  })();
  return { records, taken: () => taken };
}

/** Lets everything that can go on without time passing go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(resolve => setImmediate(resolve));
}

const NAMES = ['6602.jpg', '6602a.jpg', '1-3.mp4', 'photo.jpg', '77.pdf', 'a/b.jpg', '5 (1).png', ''];

/**
 * Records as they may come from any stage and any hand: every status, each field there or not, annotations. Ids differ.
 */
export function anyRecords(): fc.Arbitrary<FileRecord[]> {
  const observation = fc.record({ sequentialId: fc.nat(5), id: fc.constantFrom('obs-1', 'obs-2', 'obs-3') });
  const record = fc.record(
    {
      name: fc.constantFrom(...NAMES),
      status: fc.constantFrom(...STATUSES),
      md5: fc.constantFrom(null, 'a'.repeat(32), 'b'.repeat(32)),
      mimeType: fc.constantFrom('image/jpeg', 'application/vnd.google-apps.document'),
      sequentialIds: fc.array(fc.nat(5), { maxLength: 3 }),
      type: fc.constantFrom('IMAGE' as const, 'VIDEO' as const),
      contentType: fc.constant('image/jpeg'),
      observations: fc.array(observation, { maxLength: 3 }),
      missing: fc.array(fc.nat(5), { maxLength: 2 }),
      key: fc.constantFrom('media/obs-1/x.jpg', 'media/obs-2/y.jpg'),
      url: fc.webUrl(),
      media: fc.array(fc.record({ id: fc.uuid(), observationId: fc.constantFrom('obs-1', 'obs-2') }), {
        maxLength: 2,
      }),
      error: fc.record({
        stage: fc.constantFrom(...STAGES),
        code: fc.constant('old'),
        message: fc.constant('an old complaint'),
        retryable: fc.boolean(),
      }),
      note: fc.jsonValue(),
    },
    { requiredKeys: ['name', 'status', 'note'] },
  );
  return fc
    .array(record, { maxLength: 12 })
    .map(list => list.map((fields, index) => ({ id: `file-${index}`, ...fields }) as FileRecord));
}

/** What every stage owes its records, whatever they are; throws if it does not keep to it. */
export function expectAllAccountedFor(before: FileRecord[], after: FileRecord[]): void {
  const ids = (records: FileRecord[]) => JSON.stringify(records.map(({ id }) => id).sort());
  if (ids(before) !== ids(after)) throw new Error(`went in: ${ids(before)}, came out: ${ids(after)}`);
  for (const record of before) {
    const result = after.find(({ id }) => id === record.id)!;
    if (JSON.stringify(result.note) !== JSON.stringify(record.note)) {
      throw new Error(`${record.id}: the annotation ${JSON.stringify(record.note)} was lost`);
    }
    if (result.name !== record.name) throw new Error(`${record.id}: the name changed`);
  }
}
