import { expect } from 'chai';
import { MediaRecords } from '../../../src/services/appsync/media-records.ts';
import type { RunError } from '../../../stages/errors.ts';
import { ObservationFinder } from '../../../stages/observation-finder.ts';
import { rejection } from '../../config/scratch.ts';
import { inject, times } from '../../faults.ts';
import { DEFAULT_MODELS, linksOf, says, useData } from './local-data.ts';

const ANY = /^POST \/graphql/;

const fieldError = (errorType: string, message = 'Injected.') =>
  says(200, { data: { page: null }, errors: [{ path: ['page'], errorType, message }] });
const badToken = fieldError('BadRequestException', 'Invalid pagination token given.');

describe('reading a whole table', () => {
  const at = useData({ index: false });
  beforeEach(() => at.data.api.addObservations(Array.from({ length: 2_500 }, (_, index) => index)));

  const found = async () => {
    const ids = [0, 1_200, 2_499];
    const observations = await new ObservationFinder(at.data.observations()).find(ids);
    return ids.map(id => observations.get(id)?.length ?? 0);
  };

  for (const errorType of ['DynamoDB:ThrottlingException', 'ExecutionTimeout']) {
    it(`asks again for a page that failed with ${errorType}`, async () => {
      inject(at.data.api.service, ANY, [() => false, ...times(3, fieldError(errorType))]);
      expect(await found()).to.deep.equal([1, 1, 1]);
      expect(at.data.waits).to.deep.equal([1000, 2000, 4000]);
    });
  }

  it('ends the run when throttling outlasts the retries', async () => {
    inject(at.data.api.service, ANY, times(100, fieldError('DynamoDB:ThrottlingException')));
    expect((await rejection<RunError>(found())).code).to.equal('appsync_refused');
    expect(at.data.waits).to.have.length(3);
  });

  it('begins again when a page token is no longer valid, and takes each observation once', async () => {
    inject(at.data.api.service, ANY, [() => false, () => false, badToken]);
    expect(await found()).to.deep.equal([1, 1, 1]);
    expect(at.data.requests()).to.equal(6);
  });

  it('does not begin again for ever', async () => {
    // The first request asks for the index, the second for the first page.
    inject(
      at.data.api.service,
      ANY,
      times(100, (request, response) => {
        return at.data.requests() > 1 && at.data.requests() % 2 === 1 && badToken(request, response);
      }),
    );
    expect((await rejection<RunError>(found())).message).to.include('Invalid pagination token');
    expect(at.data.requests()).to.equal(7);
  });

  it('works the same for media records', async () => {
    const links = linksOf(25);
    await at.data.media().create(links);
    const records = new MediaRecords(at.data.client(), DEFAULT_MODELS);
    const page = { items: [{ id: 'media-1', url: 'u', observationId: 'obs-1' }], nextToken: 'more' };
    inject(at.data.api.service, ANY, [
      fieldError('DynamoDB:ThrottlingException'),
      says(200, { data: { page } }),
      badToken,
    ]);
    const ids = new Set<string>();
    for await (const records_ of records.sweep()) for (const { id } of records_) ids.add(id);
    expect(ids.size).to.equal(25);
    inject(at.data.api.service, ANY, [
      says(200, {
        data: { m0: null },
        errors: [{ path: ['m0'], errorType: 'DynamoDB:InternalServerError' }],
      }),
    ]);
    expect((await records.find(links.map(({ id }) => id))).size).to.equal(25);
  });
});
