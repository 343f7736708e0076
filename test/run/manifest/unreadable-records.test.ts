import { expect } from 'chai';
import { UnreadableCollector, type UnreadableRecords } from '../../../src/run/manifest/unreadable-records.ts';

describe('the memory of unreadable records', () => {
  const bad = (name: string, query = 'listMedia') => ({ name, query, reason: 'no url' });
  const named = (saved: UnreadableRecords, query = 'listMedia') =>
    saved[query]?.records.map(({ name }) => name);

  function checkpointOf(before: UnreadableRecords = {}) {
    const saves: UnreadableRecords[] = [];
    const memory = new UnreadableCollector(before, saved => saves.push(structuredClone(saved)));
    return { memory, saves, last: () => saves.at(-1)! };
  }

  it('names the first hundred and counts all, with few writes', () => {
    const { memory, saves, last } = checkpointOf();
    for (let n = 0; n < 1000; n += 1) memory.add(bad(`m${n % 500}`));
    memory.save();
    expect(saves).to.have.length(101);
    expect(last().listMedia!.count).to.equal(500);
    expect(named(last())).to.have.length(100);
  });

  it('keeps what earlier processes met until its query gives everything', () => {
    const first = checkpointOf();
    first.memory.add(bad('a'));
    first.memory.add(bad('b'));
    first.memory.add(bad('x', 'listObservations'));
    const second = checkpointOf(first.last());
    second.memory.add(bad('b'));
    second.memory.add(bad('c'));
    expect(named(second.last())).to.deep.equal(['a', 'b', 'c']);
    second.memory.settle('listMedia');
    expect(named(second.last())).to.deep.equal(['b', 'c']);
    expect(second.last().listMedia!.count).to.equal(2);
    const third = checkpointOf(second.last());
    third.memory.settle('listMedia', 'b');
    expect(named(third.last())).to.deep.equal(['c']);
    third.memory.settle('listMedia');
    expect(Object.keys(third.last())).to.deep.equal(['listObservations']);
  });
});
