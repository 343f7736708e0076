/**
 * `npm run chaos`: the real command against the local cloud in the worst of weathers. Each round migrates one folder
 * undisturbed and once with kills and faults at random, resumes until done, and compares what is there, one by one.
 * Options after `--`:
 *
 *     --seed TEXT    what is random follows from it; a new one each time when absent
 *     --minutes N    begins no new round after so long; 3 when absent
 *     --rounds N     ends after so many rounds; as many as there is time for when absent
 *     --first N      begins with this round
 *     --kills N      processes to be killed in each round; 10 when absent
 *     --verbose      says how each process ended, and which faults there were
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Dice } from './dice.ts';
import { playRound } from './round.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string' },
    rounds: { type: 'string' },
    first: { type: 'string' },
    kills: { type: 'string' },
    verbose: { type: 'boolean' },
  },
});

function numberOf(name: 'minutes' | 'rounds' | 'first' | 'kills', otherwise: number): number {
  const number = Number(values[name] ?? otherwise);
  if (number > 0) return number;
  console.error(`--${name} takes a number above 0, not ${JSON.stringify(values[name])}.`);
  process.exit(2);
}

const seed = values.seed ?? randomBytes(4).toString('hex');
const minutes = numberOf('minutes', 3);
const rounds = numberOf('rounds', Number.POSITIVE_INFINITY);
const first = numberOf('first', 1);
const kills = numberOf('kills', 10);
const log = values.verbose ? (line: string) => console.log(line) : undefined;
const repeat = (round: number) =>
  `npm run chaos -- --seed ${seed} --first ${round} --rounds 1 --kills ${kills} --verbose`;

console.log(
  `Chaos with the seed ${seed}, for ${minutes} minutes. To repeat it: npm run chaos -- --seed ${seed}`,
);
const endAt = performance.now() + minutes * 60_000;
const faults = new Map<string, number>();
let played = 0;
let killed = 0;
let failures = 0;
for (let round = first; played < rounds && (played === 0 || performance.now() < endAt); round += 1) {
  const dice = new Dice(`${seed}/${round}`);
  const size = {
    pictures: dice.whole('pictures', 10, 60),
    films: dice.whole('films', 1, 4),
    filmMiB: 20,
    otherObservations: dice.pick('observations', [0, 0, 2_500]),
  };
  const outcome = await playRound(dice, { size, kills, log });
  played += 1;
  killed += outcome.kills;
  for (const [name, count] of outcome.faults) faults.set(name, (faults.get(name) ?? 0) + count);
  const all = [...outcome.faults.values()].reduce((sum, count) => sum + count, 0);
  const done = `round ${round}: ${outcome.files} files, ${outcome.processes} processes, ${outcome.kills} killed, ${all} faults`;
  if (outcome.wrong.length === 0) console.log(`${done}: as if nothing had happened`);
  else {
    failures += 1;
    console.log(`${done}: WRONG\n${outcome.wrong.join('\n')}\nTo repeat this round: ${repeat(round)}`);
  }
}
if (log) for (const [name, count] of [...faults].sort()) log(`${String(count).padStart(6)}  ${name}`);
const total = [...faults.values()].reduce((sum, count) => sum + count, 0);
console.log(
  `${played} rounds with the seed ${seed}: ${killed} processes killed, ${total} faults, ${failures} rounds wrong.`,
);
if (failures > 0) process.exitCode = 1;
