import { expect } from 'chai';
import type { UnreadableRecord } from '../../../src/services/appsync/client.ts';
import { MediaRecords } from '../../../src/services/appsync/media-records.ts';
import type { RunError } from '../../../stages/errors.ts';
import { rejection } from '../../config/scratch.ts';
import { inject } from '../../faults.ts';
import { all } from '../../stages/flow.ts';
import { DEFAULT_MODELS, says, useData } from './local-data.ts';

describe('media records that are there', () => {
  const at = useData();
  let records: MediaRecords;
  beforeEach(() => {
    records = new MediaRecords(at.data.client(), DEFAULT_MODELS);
  });

  const add = (count: number) =>
    at.data.api.addMedia(
      ...Array.from({ length: count }, (_, index) => ({
        id: `m${index}`,
        url: `https://b/media/o${index}/x.jpg`,
        observationId: `o${index}`,
      })),
    );

  it('are all found by a sweep, over any number of pages', async () => {
    add(1001);
    const found = (await all(records.sweep())).flat();
    expect(new Set(found.map(({ id }) => id)).size).to.equal(1001);
    expect(found.find(({ id }) => id === 'm7')).to.deep.equal({
      id: 'm7',
      url: 'https://b/media/o7/x.jpg',
      observationId: 'o7',
    });
  });

  it('are found by id, many in one request; others are absent', async () => {
    add(120);
    const before = at.data.requests();
    const found = await records.find([...Array.from({ length: 120 }, (_, index) => `m${index}`), 'nobody']);
    expect(found.size).to.equal(120);
    expect(found.get('m7')).to.include({ observationId: 'o7' });
    expect(at.data.requests() - before).to.be.at.most(3);
    expect(await records.find([])).to.deep.equal(new Map());
  });

  it('are found by sweep and by id in spite of one that cannot be read, which is named once for each way', async () => {
    add(60);
    at.data.api.changeMedia('m7', { url: null as unknown as string });
    const named: string[] = [];
    const note = ({ name, query }: UnreadableRecord) => void named.push(`${query} ${name}`);
    const client = at.data.client({ unreadable: { add: note, settle() {} } });
    const swept = new MediaRecords(client, DEFAULT_MODELS);
    expect((await all(swept.sweep())).flat().map(({ id }) => id))
      .to.have.length(59)
      .and.not.include('m7');
    const asked = new MediaRecords(client, DEFAULT_MODELS);
    const found = await asked.find(['m6', 'm7', 'm8', 'nobody']);
    expect([...found.keys()]).to.deep.equal(['m6', 'm8']);
    for (const { unreadable } of [swept, asked]) expect([...unreadable]).to.deep.equal(['m7']);
    expect(named).to.deep.equal(['listMedia m7', 'getMedia m7']);
  });

  it('are removed by id, and only these; what is gone already is no error', async () => {
    add(60);
    await records.remove([...Array.from({ length: 55 }, (_, index) => `m${index}`), 'nobody']);
    expect([...at.data.api.media.keys()].sort()).to.deep.equal(['m55', 'm56', 'm57', 'm58', 'm59']);
    await records.remove(['m55', 'm0']);
    expect(at.data.api.media.size).to.equal(4);
    const before = at.data.requests();
    await records.remove([]);
    expect(at.data.requests()).to.equal(before);
  });

  it('are removed in spite of throttling of single records', async () => {
    add(3);
    const throttled = {
      data: { m0: { id: 'm0' }, m1: null },
      errors: [
        { path: ['m1'], errorType: 'DynamoDB:ProvisionedThroughputExceededException', message: 'slow down' },
      ],
    };
    inject(at.data.api.service, /graphql/, [says(200, throttled)]);
    await records.remove(['m0', 'm1']);
    expect([...at.data.api.media.keys()]).to.deep.equal(['m2']);
    expect(at.data.waits).to.have.length(1);
  });

  it('end the run with the reason when they may not be removed, or cannot be', async () => {
    add(1);
    const refusal = (errorType: string) => ({
      data: { m0: null },
      errors: [{ path: ['m0'], errorType, message: 'Said so.' }],
    });
    inject(at.data.api.service, /graphql/, [
      says(200, refusal('Unauthorized')),
      says(200, refusal('DynamoDB:DynamoDbException')),
    ]);
    expect((await rejection<RunError>(records.remove(['m0']))).code).to.equal('not_in_group');
    const error = await rejection<RunError>(records.remove(['m0']));
    expect(error.code).to.equal('media_not_removed');
    expect(error.message).to.include('Said so.');
    expect(error.remedy).to.include('again');
  });

  it('are not taken for missing when the answer is an error', async () => {
    add(1);
    const failure = {
      data: { m0: null },
      errors: [{ path: ['m0'], errorType: 'DynamoDB:DynamoDbException', message: 'Said so.' }],
    };
    inject(at.data.api.service, /graphql/, [says(200, failure)]);
    expect((await rejection<RunError>(records.find(['m0']))).name).to.equal('RunError');
  });
});
