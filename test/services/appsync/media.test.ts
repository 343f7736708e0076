import { expect } from 'chai';
import { FileError, RunError } from '../../../stages/errors.ts';
import type { LinkOutcome, MediaLink } from '../../../stages/link.ts';
import type { Intercept } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import { answerAfterwards, inject, lostAnswer, reset, times } from '../../faults.ts';
import { linkOf, linksOf, says, useData } from './local-data.ts';

const ANY = /^POST \/graphql/;

describe('media records', () => {
  const at = useData();

  const create = (links: MediaLink[]) => at.data.media().create(links);
  const created = () => at.data.api.fields.get('createMedia') ?? 0;
  /** Each link has its record, with its very values, and there is no other. */
  const expectLinked = (links: MediaLink[]) => {
    expect([...at.data.api.media.keys()].sort()).to.deep.equal(links.map(({ id }) => id).sort());
    for (const { fileName: _, type, ...link } of links) {
      const sent = { ...link, type: type === 'IMAGE' ? 'PHOTO' : type };
      expect(at.data.api.media.get(link.id)).to.deep.include(sent);
    }
  };
  const errorOf = (outcome: LinkOutcome | undefined) => outcome as FileError;
  const nulls = (count: number) => Array.from({ length: count }, () => null);

  it('are created 25 in one request', async () => {
    const links = linksOf(25);
    expect(await create(links)).to.deep.equal(nulls(25));
    expectLinked(links);
    expect(at.data.requests()).to.equal(1);
  });

  it('take the canonical URLs of names with spaces, brackets and foreign letters', async () => {
    const url = 'https://b.s3.us-east-1.amazonaws.com/media/o/1%20%281%29%20%D7%A9%F0%9F%A6%85.jpg';
    expect(await create([linkOf(1, { url })])).to.deep.equal([null]);
  });

  describe('that exist already', () => {
    it('are taken for these when they say the same', async () => {
      const links = linksOf(25);
      await create(links.slice(0, 10));
      expect(await create(links)).to.deep.equal([...Array(10).fill('found'), ...nulls(15)]);
      expectLinked(links);
      // One for the ten; then all, and one to read the ten back.
      expect(at.data.requests()).to.equal(3);
      expect(created()).to.equal(35);
      expect(at.data.waits).to.deep.equal([]);
    });

    it('with other values are left as they are, and the file is told so', async () => {
      const others = [
        linkOf(1, { url: 'https://elsewhere.example/1.jpg' }),
        linkOf(2, { observationId: 'other' }),
      ];
      await create(others);
      const [first, second, third] = await create(linksOf(3));
      for (const [index, outcome] of [first, second].entries()) {
        expect(outcome).to.be.instanceOf(FileError).and.include({ code: 'media_differs', retryable: false });
        expect(errorOf(outcome).message).to.include(`media-${index + 1}`);
        expect(errorOf(outcome).message)
          .to.include(others[index]!.url)
          .and.include(others[index]!.observationId);
      }
      expect(third).to.equal(null);
      expectLinked([...others, linkOf(3)]);
    });

    it('and cannot be read are for a person, and keep no other one waiting', async () => {
      await create(linksOf(2));
      at.data.api.changeMedia('media-1', { url: null as unknown as string });
      const [first, ...others] = await create(linksOf(3));
      expect(errorOf(first)).to.include({ code: 'media_differs', retryable: false });
      expect(errorOf(first).message).to.include('media-1').and.include('cannot be read');
      expect(others).to.deep.equal(['found', null]);
      expect(at.data.waits).to.deep.equal([]);
    });

    it('are found though reads lag behind', async () => {
      await at.start({ staleReads: 2 });
      await create([linkOf(1)]);
      expect(await create([linkOf(1)])).to.deep.equal(['found']);
      expect(at.data.waits).to.deep.equal([1000, 2000]);
      expectLinked([linkOf(1)]);
    });
  });

  describe('one of which AppSync cannot take', () => {
    for (const [what, bad] of [
      ['a URL with a space', { url: 'https://b.s3.amazonaws.com/a b.jpg' }],
      ['no URL at all', { url: 'nonsense' }],
    ] as const) {
      it(`(${what}) fail alone; the others are linked`, async () => {
        const links = linksOf(25);
        links[12] = linkOf(13, bad);
        const outcomes = await create(links);
        const failure = outcomes[12];
        expect(failure).to.include({ code: 'link_refused', retryable: false, status: 'failed' });
        expect(errorOf(failure).message).to.include(links[12].fileName);
        expect(outcomes.filter(outcome => outcome === null)).to.have.length(24);
        expectLinked(links.filter((_, index) => index !== 12));
        // Halving: about two requests for each doubling.
        expect(at.data.requests()).to.be.at.most(1 + 2 * 5);
      });
    }

    it('fail alone when DynamoDB refuses a value', async () => {
      const links = [linkOf(1), linkOf(2, { observationId: '' }), linkOf(3)];
      const outcomes = await create(links);
      expect(outcomes[1]).to.include({ code: 'link_refused', retryable: false });
      expect(errorOf(outcomes[1]).message).to.include('empty string');
      expectLinked([links[0]!, links[2]!]);
      expect(at.data.requests()).to.equal(1);
    });

    it('are each told their own error', async () => {
      const error = (alias: string, message: string) => ({
        path: [alias],
        errorType: 'DynamoDB:DynamoDbException',
        message,
      });
      inject(at.data.api.service, ANY, [
        says(200, { data: { m0: null, m1: null }, errors: [error('m1', 'Second'), error('m0', 'First')] }),
      ]);
      const outcomes = await create(linksOf(2));
      expect(errorOf(outcomes[0]).message).to.include('First');
      expect(errorOf(outcomes[1]).message).to.include('Second');
    });
  });

  describe('exist exactly once', () => {
    const faults: [string, Intercept, LinkOutcome][] = [
      [
        'an error 500 after the work was done',
        answerAfterwards(500, '{"errors":[{"message":"x"}]}'),
        'unclear',
      ],
      ['an answer that was lost', lostAnswer, 'unclear'],
      ['an error page after the work was done', answerAfterwards(502, '<html></html>'), 'unclear'],
      [
        'an error of every record after the work was done',
        answerAfterwards(200, '{"data":{},"errors":[{"errorType":"InternalServerError"}]}'),
        'unclear',
      ],
      ['a request that was lost', reset, null],
    ];
    for (const [what, fault, outcome] of faults) {
      it(`after ${what}`, async () => {
        inject(at.data.api.service, ANY, [fault]);
        const links = linksOf(25);
        expect(await create(links)).to.deep.equal(Array(25).fill(outcome));
        expectLinked(links);
        expect(at.data.waits).to.deep.equal([1000]);
      });
    }

    it('after two attempts at the same time', async () => {
      const links = linksOf(25);
      const [one, other] = await Promise.all([create(links), create(links)]);
      for (const index of links.keys()) expect([one[index], other[index]]).to.have.members([null, 'found']);
      expectLinked(links);
    });
  });

  describe('are tried again', () => {
    const throttled = (alias: string) => ({
      path: [alias],
      data: null,
      errorType: 'DynamoDB:ProvisionedThroughputExceededException',
      message: 'Too much',
    });

    it('alone, where DynamoDB throttled some of them', async () => {
      const links = linksOf(3);
      inject(at.data.api.service, ANY, [
        says(200, {
          data: { m0: { id: 'media-1' }, m1: null, m2: null },
          errors: [throttled('m1'), throttled('m2')],
        }),
      ]);
      expect(await create(links)).to.deep.equal(nulls(3));
      expect(created()).to.equal(2);
      expect([...at.data.api.media.keys()]).to.have.members(['media-2', 'media-3']);
      expect(at.data.waits).to.deep.equal([1000]);
    });

    const failing = (alias: string) => ({ ...throttled(alias), errorType: 'DynamoDB:InternalServerError' });

    it('until the retries are used up; the file then waits for the next run', async () => {
      inject(
        at.data.api.service,
        ANY,
        times(100, says(200, { data: { m0: null }, errors: [failing('m0')] })),
      );
      const [outcome] = await create([linkOf(1)]);
      expect(outcome).to.be.instanceOf(FileError);
      expect(outcome).to.include({ code: 'link_failed', retryable: true, status: 'failed' });
      expect(errorOf(outcome).message).to.include('1.jpg (drive-1)').and.include('Too much');
      expect(at.data.waits).to.deep.equal([1000, 2000, 4000]);
      expect(at.data.requests()).to.equal(4);
    });
  });

  describe('stop the run', () => {
    const stopped = async (links = linksOf(3)): Promise<RunError> => {
      const error = await rejection<RunError>(create(links));
      expect(error).to.be.instanceOf(RunError);
      return error;
    };

    it('when the user is not in ADMINS, and say so', async () => {
      await at.start({ signedInAs: 'viewer@example.com' });
      const error = await stopped();
      expect(error.code).to.equal('not_in_group');
      expect(error.message).to.include('createMedia');
      expect(error.remedy).to.include('ADMINS');
      expect(at.data.requests()).to.equal(1);
      expect(at.data.api.media.size).to.equal(0);
    });

    it('when the whole request is refused to this user', async () => {
      inject(at.data.api.service, ANY, [
        says(200, { data: null, errors: [{ errorType: 'Unauthorized', message: 'No.' }] }),
      ]);
      expect((await stopped()).code).to.equal('not_in_group');
    });

    it('when document or values do not fit the schema, without taking the request apart', async () => {
      for (const message of [
        'Validation error of type UnknownType: Unknown type CreateMediaInput',
        "Variable 'type' has an invalid value. No value found for name 'IMAGE'",
        'Field "link" of required type "AWSURL!" was not provided.',
        'Nope.',
      ]) {
        inject(at.data.api.service, ANY, [says(200, { data: null, errors: [{ message }] })]);
        const error = await stopped();
        expect(error.code).to.equal('schema_mismatch');
        expect(error.message).to.include(message);
        expect(error.remedy).to.include('PHOTO for photos').and.include('--media-type-image');
      }
      expect(at.data.requests()).to.equal(4);
    });

    it('when another server refuses the document with status 400', async () => {
      const message = 'Unknown type "CreateMediaInput".';
      inject(at.data.api.service, ANY, times(100, says(400, { errors: [{ message }] })));
      expect((await stopped()).code).to.equal('schema_mismatch');
      expect(at.data.requests()).to.equal(1);
    });
  });
});
