import { expect } from 'chai';
import { type PrefixRules, resolve } from '../../stages/resolve.ts';
import { one, through } from './flow.ts';
import { obs, parsed, tableOf } from './observed.ts';

describe('Prefix rules', () => {
  const prefixRules: PrefixRules = {
    discriminatorField: 'country',
    prefixes: { '': 'IL', E: 'EG', S: '*' },
  };
  const table = () =>
    tableOf(
      obs(1, 'IL'),
      obs(1, 'EG'),
      obs(1, 'JO'),
      obs(2, 'IL'),
      obs(3, 'JO'),
      obs(3, 'SY'),
      obs(4, null),
      obs(5),
    );
  const withPrefix = (prefix: string | undefined, id: number) =>
    one(
      resolve(table(), { prefixRules }),
      parsed({ name: `${prefix ?? ''}${id}.jpg`, prefix, sequentialIds: [id] }),
    );
  const linkedTo = async (prefix: string | undefined, id: number) =>
    (await withPrefix(prefix, id)).observations?.map(observation => observation.id);

  it('pick the observation whose field has the value of the letter', async () => {
    expect(await linkedTo('', 1)).to.deep.equal(['obs-1-IL']);
    expect(await linkedTo('E', 1)).to.deep.equal(['obs-1-EG']);
    expect(await linkedTo(undefined, 1)).to.deep.equal(['obs-1-IL']);
  });

  it('let * pick what has a value that no other letter names, or none', async () => {
    expect(await linkedTo('S', 1)).to.deep.equal(['obs-1-JO']);
    expect(await linkedTo('S', 4)).to.deep.equal(['obs-4']);
    expect((await withPrefix('S', 2)).status).to.equal('orphan');
  });

  it('leave it to a person when * fits several observations', async () => {
    const record = await withPrefix('S', 3);
    expect(record.error).to.include({ code: 'several_observations' });
    expect(record.error!.candidates).to.have.length(2);
  });

  it('make a file with an unknown letter an orphan, never a wrong link', async () => {
    for (const prefix of ['X', 'e', 'constructor']) {
      const record = await withPrefix(prefix, 2);
      expect(record, prefix).to.include({ status: 'orphan' }).and.not.to.have.property('key');
      expect(record.error).to.include({ code: 'unknown_prefix' });
      expect(record.error!.message).to.contain(`"${prefix}"`);
      expect((await withPrefix(prefix, 5)).status).to.equal('orphan');
    }
  });

  it('keep the same bytes apart under two letters', async () => {
    const md5 = 'a'.repeat(32);
    const results = await through(resolve(table(), { prefixRules }), [
      parsed({ id: 'one', name: '1.jpg', prefix: '', sequentialIds: [1], md5 }),
      parsed({ id: 'two', name: 'E1.jpg', prefix: 'E', sequentialIds: [1], md5 }),
    ]);
    expect(results.map(({ key }) => key)).to.deep.equal(['media/obs-1-IL/1.jpg', 'media/obs-1-EG/E1.jpg']);
  });
});
