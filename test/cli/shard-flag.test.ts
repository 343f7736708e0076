import { expect } from 'chai';
import { shardFrom } from '../../src/cli/shard-flag.ts';
import { isInShard } from '../../src/run/manifest/shard.ts';

describe('--shard', () => {
  it('puts a file into the same shard in every version', () => {
    const ids = ['1AbCdEfGhIjKlMnOpQrStUvWxYz012345', 'a', 'ü', '0'];
    const shardOf = (id: string) => [1, 2, 3, 4].find(index => isInShard(id, { index, count: 4 }));
    expect(ids.map(shardOf)).to.deep.equal([1, 3, 3, 3]);
  });

  const slurm = { SLURM_ARRAY_TASK_ID: '6', SLURM_ARRAY_TASK_COUNT: '3', SLURM_ARRAY_TASK_MIN: '5' };
  const right: [string, Record<string, string>, string][] = [
    ['2/4', slurm, '2/4'],
    ['auto', slurm, '2/3'],
    ['auto', { ...slurm, SLURM_ARRAY_TASK_ID: '9', SLURM_ARRAY_TASK_STEP: '2' }, '3/3'],
    ['auto', { AWS_BATCH_JOB_ARRAY_INDEX: '0', AWS_BATCH_JOB_ARRAY_SIZE: '3' }, '1/3'],
    ['auto', { JOB_COMPLETION_INDEX: '2', JOB_COMPLETIONS: '3' }, '3/3'],
  ];
  for (const [flag, env, expected] of right) {
    it(`${flag} with ${JSON.stringify(env)} is ${expected}`, () => {
      const said: string[] = [];
      const { index, count } = shardFrom(flag, env, text => said.push(text))!;
      expect(`${index}/${count}`).to.equal(expected);
      expect(said.join()).to.match(flag === 'auto' ? new RegExp(`^Shard ${expected}`) : /^$/);
    });
  }

  const { SLURM_ARRAY_TASK_MIN: _, ...half } = slurm;
  const wrong: [string, Record<string, string>, RegExp][] = [
    ['0/4', {}, /from 1 to N/],
    ['5/4', {}, /from 1 to N/],
    ['1-of-4', {}, /K\/N/],
    ['auto', {}, /no job array/],
    ['auto', half, /SLURM_ARRAY_TASK_MIN is not set/],
    ['auto', { ...slurm, SLURM_ARRAY_TASK_ID: '9' }, /shard 5\/3/],
    ['auto', { JOB_COMPLETION_INDEX: '1' }, /JOB_COMPLETIONS is not set/],
    ['auto', { JOB_COMPLETION_INDEX: 'x', JOB_COMPLETIONS: '3' }, /"x", which is not a number/],
  ];
  for (const [flag, env, message] of wrong) {
    it(`${flag} with ${JSON.stringify(env)} is a usage error`, () => {
      expect(() => shardFrom(flag, env, () => {}))
        .to.throw()
        .and.to.satisfy(
          (error: Error & { exitCode: number; remedy: string }) =>
            error.exitCode === 2 && message.test(`${error.message} ${error.remedy}`),
        );
    });
  }
});
