import { expect } from 'chai';
import { type Field, indexQueryIn, type SchemaPart } from '../../../src/services/appsync/schema.ts';
import { readOnce } from '../../../src/services/appsync/sweep.ts';
import { RunError } from '../../../stages/errors.ts';
import type { Observation } from '../../../stages/observation-finder.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, inject, times } from '../../faults.ts';
import { DEFAULT_MODELS, says, useData } from './local-data.ts';

const ANY = /^POST \/graphql/;

describe('observations', () => {
  const at = useData();

  const pagesOf = async (observations = at.data.observations()): Promise<Observation[][]> => {
    const pages: Observation[][] = [];
    for await (const page of observations.sweep()) pages.push(page);
    return pages;
  };
  const idsOf = (found: Observation[]) => found.map(({ sequentialId }) => sequentialId).sort((a, b) => a - b);
  const range = (count: number) => Array.from({ length: count }, (_, index) => index);

  describe('swept', () => {
    it('are all found, a thousand a request', async () => {
      at.data.api.addObservations(range(5000));
      expect(idsOf((await pagesOf()).flat())).to.deep.equal(range(5000));
      expect(at.data.api.fields.get('listObservations')).to.be.within(5, 6);
      expect(at.data.requests()).to.equal(at.data.api.fields.get('listObservations'));
    });

    it('are read to the end over pages that are empty or have holes', async () => {
      const page = (items: unknown[], nextToken: string | null) =>
        says(200, { data: { page: { items, nextToken } } });
      inject(at.data.api.service, ANY, [
        page([], 'one'),
        page([{ id: 'a', sequentialId: 1 }, null], 'two'),
        page([], 'three'),
        page([{ id: 'b', sequentialId: 2 }], null),
      ]);
      expect((await pagesOf()).flat()).to.deep.equal([
        { id: 'a', sequentialId: 1 },
        { id: 'b', sequentialId: 2 },
      ]);
    });

    it('are not taken for none when AppSync returns no page, by doctor as little as by a run', async () => {
      inject(at.data.api.service, ANY, times(2, says(200, { data: { page: null, media: null } })));
      expect(await rejection(pagesOf())).to.include({ code: 'appsync_refused' });
      expect(await rejection(readOnce(at.data.client(), DEFAULT_MODELS))).to.include({
        code: 'appsync_refused',
      });
    });

    it('bring the field that tells data sets apart, null where it is not filled in', async () => {
      at.data.api.addObservations([
        { sequentialId: 1, id: 'a', countryId: 'IL' },
        { sequentialId: 2, id: 'b' },
      ]);
      const found = (await pagesOf(at.data.observations('countryId'))).flat();
      expect(found.sort((a, b) => a.sequentialId - b.sequentialId)).to.deep.equal([
        { id: 'a', sequentialId: 1, discriminator: 'IL' },
        { id: 'b', sequentialId: 2, discriminator: null },
      ]);
    });

    const ends: [string, unknown, string][] = [
      [
        'half an answer',
        { data: { page: null }, errors: [{ path: ['page'], message: 'x' }] },
        'appsync_refused',
      ],
      [
        'an error beside the data',
        { data: { page: { items: [], nextToken: null } }, errors: [{}] },
        'appsync_refused',
      ],
      [
        'a refusal of this user',
        { data: { page: null }, errors: [{ path: ['page'], errorType: 'Unauthorized', message: 'x' }] },
        'not_in_group',
      ],
      [
        'an observation without id',
        { data: { page: { items: [{ sequentialId: 1 }], nextToken: null } } },
        'schema_mismatch',
      ],
      [
        'an observation whose sequential id is no number',
        { data: { page: { items: [{ id: 'a', sequentialId: '1' }], nextToken: null } } },
        'schema_mismatch',
      ],
    ];
    for (const [what, body, code] of ends) {
      it(`end the run at ${what}, rather than make orphans`, async () => {
        inject(at.data.api.service, ANY, times(10, says(200, body)));
        const error = await rejection<RunError>(pagesOf());
        expect(error).to.be.instanceOf(RunError);
        expect(error.code).to.equal(code);
      });
    }

    it('end the run, with what to check, where the field that tells data sets apart does not exist', async () => {
      at.data.api.addObservations([1]);
      const error = await rejection<RunError>(pagesOf(at.data.observations('planet')));
      expect(error.code).to.equal('schema_mismatch');
      expect(error.message).to.include('planet');
    });
  });

  describe('asked for by sequential id', () => {
    const find = async (ids: number[], discriminatorField: string | null = null) =>
      (await at.data.observations(discriminatorField).index())!.find(ids);

    it('are found through the index, 25 ids a request', async () => {
      at.data.api.addObservations(range(200));
      const wanted = range(60).map(n => n * 3);
      expect(idsOf(await find(wanted))).to.deep.equal(wanted);
      expect(at.data.api.fields.get('listObservationBySequentialId')).to.equal(60);
      // One for the schema.
      expect(at.data.requests()).to.equal(1 + 3);
      expect(at.data.api.fields.get('listObservations')).to.equal(undefined);
    });

    it('are all given where several share an id, also over more than one page', async () => {
      at.data.api.addObservations([
        ...range(250).map(n => ({ sequentialId: 7, id: `seven-${n}` })),
        { sequentialId: 8, id: 'eight' },
      ]);
      const found = await find([7, 8]);
      expect(new Set(found.map(({ id }) => id)).size).to.equal(251);
    });

    it('end the run when one of the ids cannot be looked up', async () => {
      const observations = at.data.observations();
      const index = (await observations.index())!;
      inject(at.data.api.service, ANY, [
        says(200, {
          data: { m0: { items: [], nextToken: null }, q1: null },
          errors: [{ path: ['q1'], errorType: 'DynamoDB:DynamoDbException', message: 'Broken' }],
        }),
      ]);
      const error = await rejection<RunError>(index.find([1, 2]));
      expect(error).to.be.instanceOf(RunError);
      expect(error.message).to.include('Broken');
    });
  });

  describe('have an index', () => {
    it('that is looked for once', async () => {
      const observations = at.data.observations();
      await Promise.all([observations.index(), observations.index()]);
      expect(await observations.index()).not.to.equal(null);
      expect(at.data.requests()).to.equal(1);
    });

    it('or none, in the variant of the schema without it', async () => {
      await at.start({ index: false });
      expect(await at.data.observations().index()).to.equal(null);
    });

    it('or none that could be found, where the schema may not be asked for', async () => {
      await at.start({ introspection: false });
      at.data.api.addObservations([1]);
      const observations = at.data.observations();
      expect(await observations.index()).to.equal(null);
      expect(idsOf((await pagesOf(observations)).flat())).to.deep.equal([1]);
    });

    it('or none that could be found, whatever status refuses the question', async () => {
      for (const status of [405, 422]) {
        inject(at.data.api.service, ANY, [answer(status, '')]);
        expect(await at.data.observations().index(), `${status}`).to.equal(null);
      }
    });

    const plain = { kind: 'SCALAR', name: null, enumValues: null };
    const OPTIONAL = { ...plain, ofType: null };
    const NON_NULL = (name: string) => ({ ...plain, kind: 'NON_NULL', ofType: { ...plain, name } });
    const query = (name: string, args: Field[], type = 'ModelObservationConnection') => ({
      name,
      type: { ...OPTIONAL, name: type },
      args: [...args, { name: 'limit', type: OPTIONAL }, { name: 'nextToken', type: OPTIONAL }],
    });
    const key = { name: 'sequentialId', type: NON_NULL('Int') };
    const foundIn = (other: SchemaPart['queries'][number]) => {
      const queries = [query('listObservations', []), other];
      const schema = { queries, mutations: [], observation: null, media: null, createInput: null };
      return indexQueryIn(schema, DEFAULT_MODELS.observation);
    };

    it('under whatever name the project gave its query', () => {
      expect(foundIn(query('bySeq', [key]))).to.equal('bySeq');
    });

    const others: [string, SchemaPart['queries'][number]][] = [
      ['of another model', query('listBirdBySequentialId', [key], 'ModelBirdConnection')],
      ['on another field', query('listByCountry', [{ name: 'countryId', type: NON_NULL('ID') }])],
      ['on another number', query('listByYear', [{ name: 'year', type: NON_NULL('Int') }])],
      ['that wants a second key', query('bySeqAndYear', [key, { name: 'year', type: NON_NULL('ID') }])],
      ['on a text of that name', query('bySeq', [{ name: 'sequentialId', type: NON_NULL('String') }])],
      ['that does without the key', query('bySeq', [{ name: 'sequentialId', type: OPTIONAL }])],
    ];
    for (const [what, other] of others) {
      it(`but not a query ${what}`, () => {
        expect(foundIn(other)).to.equal(null);
      });
    }
  });
});
