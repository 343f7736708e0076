import { expect } from 'chai';
import type { RunError } from '../../../stages/errors.ts';
import { type Intercept, serve } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, brokenOff, htmlPage, inject, reset, silence, times } from '../../faults.ts';
import { says, useData } from './local-data.ts';

const ANY = /^POST \/graphql/;
const LIST = '{ listObservations { items { sequentialId } } }';

describe('the AppSync client', () => {
  const at = useData();
  beforeEach(() => at.data.api.addObservations([7]));

  const list = async () => {
    const answered = await at.data.client().request({ document: LIST });
    expect(answered).to.deep.include({
      data: { listObservations: { items: [{ sequentialId: 7 }] } },
      errors: [],
    });
  };
  const stopped = (promise: Promise<unknown> = at.data.client().request({ document: LIST })) =>
    rejection<RunError>(promise);

  it('sends the token bare', async () => {
    let sent: string | undefined;
    inject(at.data.api.service, ANY, [
      request => {
        sent = request.headers.authorization;
        return false;
      },
    ]);
    await list();
    expect(sent).to.match(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(at.data.requests()).to.equal(1);
  });

  it('gives the errors of fields beside what the others gave', async () => {
    const { data: found, errors } = await at.data.client().request({
      document:
        '{ good: listObservations { items { id } } bad: listObservations(limit: 0) { items { id } } }',
    });
    expect(found).to.have.property('bad', null);
    expect(found!.good).to.have.property('items').with.length(1);
    expect(errors[0]).to.deep.include({ path: ['bad'], errorType: 'DynamoDB:DynamoDbException' });
  });

  it('gives null for data when the whole document was refused', async () => {
    const { data: found, errors } = await at.data
      .client()
      .request({ document: '{ listBirds { items { id } } }' });
    expect(found).to.equal(null);
    expect(errors[0]!.message).to.include('FieldUndefined');
  });

  it('renews a token that is refused, once', async () => {
    at.users.expireTokens();
    await list();
    expect(at.data.refused).to.have.length(1);
    expect(at.data.requests()).to.equal(2);
    expect(at.data.waits).to.deep.equal([]);
  });

  it('ends the run when the new token is refused too', async () => {
    const refusal = says(401, { errors: [{ errorType: 'UnauthorizedException', message: 'No.' }] });
    inject(at.data.api.service, ANY, times(10, refusal));
    const error = await stopped();
    expect(error.code).to.equal('appsync_sign_in_refused');
    expect(error.message).to.include('No.');
    expect(error.remedy).to.include('aws.cognito.user_pool_id');
    expect(at.data.requests()).to.equal(2);
  });

  const passing: [string, Intercept][] = [
    ['429', says(429, { errors: [{ errorType: 'TooManyRequestsException', message: 'Rate exceeded' }] })],
    ['the page of a broken gateway', htmlPage(502)],
    ['a connection that is reset', reset],
    ['an answer that breaks off', brokenOff(200, '{"data":')],
    ['an answer that never comes', silence],
    ['a page of somebody else', htmlPage(200)],
  ];
  for (const [what, fault] of passing) {
    it(`tries again after ${what}`, async () => {
      inject(at.data.api.service, ANY, [fault, fault]);
      const { errors } = await at.data
        .client(fault === silence ? { timeoutMs: 300 } : {})
        .request({ document: LIST });
      expect(errors).to.deep.equal([]);
      expect(at.data.waits).to.deep.equal([1000, 2000]);
      expect(at.data.requests()).to.equal(3);
    });
  }

  it('tries three times again and no more, then says what is wrong and where', async () => {
    inject(at.data.api.service, ANY, times(10, htmlPage(503)));
    const error = await stopped();
    expect(error.code).to.equal('appsync_refused');
    expect(error.message).to.include(at.data.api.endpoint).and.include('HTTP 503').and.not.include('<html');
    expect(at.data.requests()).to.equal(4);
  });

  it('says that no answer came in time', async () => {
    inject(at.data.api.service, ANY, times(10, silence));
    const error = await stopped(at.data.client({ timeoutMs: 100 }).request({ document: LIST }));
    expect(error.code).to.equal('appsync_unreachable');
    expect(error.message).to.include('no response within 0.1 s');
  });

  it('sends nothing to where a redirect leads', async () => {
    const other = await serve({ operationOf: () => 'any', handle: (_, response) => void response.end('{}') });
    inject(at.data.api.service, ANY, times(4, answer(307, '', { location: `${other.url}/graphql` })));
    expect(await stopped()).to.include({ code: 'appsync_refused' });
    expect(other.requests.get('any')).to.equal(undefined);
    await other.close();
  });

  it('says where nobody answers, and what to do', async () => {
    const dead = await serve({ operationOf: () => '', handle: () => {} });
    await dead.close();
    const endpoint = `${dead.url}/graphql`;
    const error = await stopped(at.data.client({ endpoint }).request({ document: LIST }));
    expect(error.code).to.equal('appsync_unreachable');
    expect(error.message).to.include(endpoint).and.include('ECONNREFUSED');
    expect(error.remedy).to.include('aws.amplify.api_endpoint');
    expect(at.data.waits).to.have.length(3);
  });
});
