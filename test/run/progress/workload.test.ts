import { expect } from 'chai';
import { Workload } from '../../../src/run/progress/workload.ts';

describe('The workload', () => {
  const listed = (...sizes: (number | null)[]) => {
    const workload = new Workload();
    for (const size of sizes) workload.listed(size);
    return workload;
  };

  it('is what is listed and not begun, in its order', () => {
    const workload = listed(1, 2, null, 4);
    expect([...workload.toCome()]).to.deep.equal([1, 2, 4]);
    expect(workload.bytes).to.equal(7);
    workload.planned('a', 1);
    workload.planned('b', 2);
    workload.begun('a');
    expect([...workload.toCome()]).to.deep.equal([2, 4]);
    expect(workload.bytes).to.equal(6);
  });

  it('forgets what turns out not to have to be moved, and takes up what has to be after all', () => {
    const workload = listed(1, null);
    workload.planned('a', null);
    workload.planned('b', 5);
    expect([...workload.toCome()]).to.deep.equal([5]);
    expect(workload.bytes).to.equal(5);
  });

  it('expects of the files to come as many to be left out as it were so far', () => {
    const workload = listed(...Array<number>(100).fill(1));
    for (let index = 0; index < 20; index += 1) workload.planned(`${index}`, index % 2 ? 1 : null);
    expect([...workload.toCome()]).to.have.length.within(49, 51);
  });

  it('is nothing in the end', () => {
    const workload = listed(1, 2);
    for (const id of ['a', 'b']) {
      workload.planned(id, 1);
      workload.begun(id);
    }
    expect([...workload.toCome()]).to.deep.equal([]);
    expect(workload).to.include({ bytes: 0, count: 0 });
  });
});
