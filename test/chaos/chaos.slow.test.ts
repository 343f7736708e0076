/** The short form of `npm run chaos`, the same each time; what it is about is told in `round.ts`. */
import { expect } from 'chai';
import { Dice } from './dice.ts';
import { playRound } from './round.ts';

const SIZE = { pictures: 8, films: 1, filmMiB: 8, otherObservations: 0 };

describe('A migration in a storm', () => {
  // Some seconds for each of about ten processes, on a machine that does other things, too.
  const LONGEST_MS = 240_000;

  for (const seed of ['5']) {
    it(`is killed and lied to again and again, and ends as if nothing had happened (seed "${seed}")`, async function () {
      this.timeout(LONGEST_MS);
      const { wrong, kills, faults } = await playRound(new Dice(seed), { size: SIZE, kills: 5 });
      expect(wrong).to.deep.equal([]);
      expect(kills).to.equal(5);
      // A storm without a fault would prove nothing.
      expect(faults.size).to.be.above(5);
    });
  }
});
