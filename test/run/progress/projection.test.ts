import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { lineOf } from '../../../src/run/manifest/record-line.ts';
import { Run } from '../../../src/run/manifest/run.ts';
import { writeProjection } from '../../../src/run/progress/projection.ts';
import type { FileRecord, StageName } from '../../../stages/record.ts';
import { type Scratch, scratchFolder } from '../../config/scratch.ts';
import { fileRecord } from '../../stages/flow.ts';

const NOW = new Date('2024-05-02T12:00:00.000Z');

const COMPLETED = fileRecord({
  id: 'range',
  name: '6000-6001.jpg',
  status: 'completed',
  sequentialIds: [6000, 6001],
  observations: [
    { sequentialId: 6000, id: 'obs-6000' },
    { sequentialId: 6001, id: 'obs-6001' },
  ],
  url: 'https://bucket/media/obs-6000/6000-6001.jpg',
  media: [
    { id: 'm1', observationId: 'obs-6000' },
    { id: 'm2', observationId: 'obs-6001' },
  ],
});

const REVIEW = fileRecord({
  id: 'photo',
  name: 'photo.jpg',
  status: 'needs_review',
  error: {
    stage: 'parse',
    code: 'name_unreadable',
    message: 'photo.jpg (photo): what is it?',
    retryable: false,
  },
});

describe('progress_{folder_id}.json', () => {
  let scratch: Scratch;
  let run: Run;

  beforeEach(async () => {
    scratch = await scratchFolder();
    run = new Run(scratch.folder, 'folder-1');
    run.lock('x');
  });
  afterEach(async () => {
    run.unlock();
    await scratch.remove();
  });

  function put(stage: StageName, records: FileRecord[]): void {
    mkdirSync(run.folder, { recursive: true });
    writeFileSync(run.pathOf(stage), records.map(lineOf).join(''));
  }

  async function written(): Promise<{
    total_files: number;
    summary: object;
    files: Record<string, { status: string }>;
  }> {
    const path = await writeProjection(scratch.folder, run, NOW);
    expect(path).to.equal(join(scratch.folder, 'progress_folder-1.json'));
    return JSON.parse(readFileSync(path, 'utf8')) as Awaited<ReturnType<typeof written>>;
  }

  it('has the shape that scripts rely on; the singular fields are the first of the plural ones', async () => {
    put('list', [COMPLETED, REVIEW]);
    expect(await written()).to.deep.equal({
      folder_id: 'folder-1',
      started_at: run.startedAt,
      updated_at: '2024-05-02T12:00:00.000Z',
      total_files: 2,
      files: {
        range: {
          filename: '6000-6001.jpg',
          status: 'completed',
          sequential_id: 6000,
          sequential_ids: [6000, 6001],
          observation_id: 'obs-6000',
          observation_ids: ['obs-6000', 'obs-6001'],
          s3_url: 'https://bucket/media/obs-6000/6000-6001.jpg',
          media_id: 'm1',
          media_ids: ['m1', 'm2'],
          error: null,
        },
        photo: {
          filename: 'photo.jpg',
          status: 'needs_review',
          sequential_id: null,
          sequential_ids: [],
          observation_id: null,
          observation_ids: [],
          s3_url: null,
          media_id: null,
          media_ids: [],
          error: 'photo.jpg (photo): what is it?',
        },
      },
      summary: { completed: 1, needs_review: 1 },
    });
  });

  it('is written anew from the manifests, whatever stood there before', async () => {
    put('list', [REVIEW]);
    writeFileSync(join(scratch.folder, 'progress_folder-1.json'), '{"torn');
    expect((await written()).total_files).to.equal(1);
    put('list', []);
    expect(await written()).to.deep.include({ total_files: 0, files: {}, summary: {} });
  });
});
