/** `--shard`: which part of a run a process works on. */
import { Flags } from '@oclif/core';
import { UsageError } from '../config/error.ts';
import type { Env } from '../config/home.ts';
import type { Shard } from '../run/manifest/shard.ts';

export const shardFlag = {
  shard: Flags.string({
    description:
      'only part K of N of the files, so that several processes or machines can share the work; "auto": K and N of a Slurm, AWS Batch or Kubernetes job',
    helpValue: 'K/N',
  }),
};

/** The variables of a job array: `first` has the index of the first task, `step` the distance between indexes. */
interface Scheduler {
  name: string;
  index: string;
  count: string;
  first?: string;
  step?: string;
}

const SCHEDULERS: readonly Scheduler[] = [
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    count: 'SLURM_ARRAY_TASK_COUNT',
    first: 'SLURM_ARRAY_TASK_MIN',
    step: 'SLURM_ARRAY_TASK_STEP',
  },
  { name: 'AWS Batch', index: 'AWS_BATCH_JOB_ARRAY_INDEX', count: 'AWS_BATCH_JOB_ARRAY_SIZE' },
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX', count: 'JOB_COMPLETIONS' },
];

const MOST_SHARDS = 100_000;
const REMEDY = 'Use --shard K/N with K from 1 to N, like --shard 2/4, or --shard auto in a job array.';

/** The shard that the flag names; null without the flag. `say` is called with what "auto" has found. Throws UsageError. */
export function shardFrom(flag: string | undefined, env: Env, say: (text: string) => void): Shard | null {
  if (flag === undefined) return null;
  if (flag === 'auto') return fromEnvironment(env, say);
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(flag);
  if (!match) throw new UsageError(`--shard ${JSON.stringify(flag)} is not a shard.`, REMEDY);
  return checked({ index: Number(match[1]), count: Number(match[2]) }, `--shard ${flag}`, REMEDY);
}

function fromEnvironment(env: Env, say: (text: string) => void): Shard {
  const scheduler = SCHEDULERS.find(({ index, count }) => env[index] || env[count]);
  if (!scheduler) {
    const names = SCHEDULERS.map(({ index, count }) => `${index} with ${count}`).join(', ');
    throw new UsageError(`--shard auto found no job array in the environment (${names}).`, REMEDY);
  }
  const { name, first, step } = scheduler;
  const numberIn = (variable: string): number => {
    const text = env[variable] ?? '';
    if (/^\d{1,9}$/.test(text)) return Number(text);
    const problem = text === '' ? 'is not set' : `is ${JSON.stringify(text)}, which is not a number`;
    throw new UsageError(`--shard auto: ${variable} ${problem}.`, REMEDY);
  };
  const index = numberIn(scheduler.index);
  const distance = index - (first ? numberIn(first) : 0);
  const shard = {
    index: distance / (step && env[step] ? numberIn(step) : 1) + 1,
    count: numberIn(scheduler.count),
  };
  const remedy = `The indexes of the array must be consecutive. ${REMEDY}`;
  checked(shard, `--shard auto: shard ${shard.index}/${shard.count} of ${name}`, remedy);
  say(`Shard ${shard.index}/${shard.count}, from ${name}'s ${scheduler.index} and ${scheduler.count}.`);
  return shard;
}

function checked(shard: Shard, what: string, remedy: string): Shard {
  const { index, count } = shard;
  if (count > MOST_SHARDS)
    throw new UsageError(`${what}: at most ${MOST_SHARDS} shards are possible.`, remedy);
  if (Number.isInteger(index) && index >= 1 && index <= count) return shard;
  throw new UsageError(`${what} does not exist: K must be from 1 to N.`, remedy);
}
