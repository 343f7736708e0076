import { expect } from 'chai';
import fc from 'fast-check';
import { Tally, UNFINISHED } from '../../../src/run/progress/tally.ts';
import { STATUSES } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';

describe('A tally', () => {
  it('counts files and bytes by status', () => {
    const tally = new Tally();
    tally.add(fileRecord({ status: 'completed', size: 5, bytes: 7 }));
    tally.add(fileRecord({ status: 'completed', size: 10 }));
    tally.add(fileRecord({ status: 'orphan', size: null }));
    tally.add(fileRecord({ status: 'failed', size: undefined }));
    expect(tally).to.include({ total: 4, bytes: 17 });
    expect(tally.files('completed')).to.equal(2);
    expect(tally.bytesOf('completed')).to.equal(17);
    expect(tally.bytesOf('orphan')).to.equal(0);
    expect(tally.files('partial')).to.equal(0);
    expect(tally.summary()).to.deep.equal({ completed: 2, failed: 1, orphan: 1 });
  });

  it('of nothing is empty and finished', () => {
    const tally = new Tally();
    expect(tally.summary()).to.deep.equal({});
    expect(tally).to.include({ total: 0, bytes: 0, unfinished: false });
  });

  it('is unfinished when a file needs a person or another run', () => {
    for (const status of STATUSES) {
      const tally = new Tally();
      tally.add(fileRecord({ status: 'completed' }));
      tally.add(fileRecord({ status }));
      const expected = ['failed', 'partial', 'needs_review', 'orphan'].includes(status);
      expect(tally.unfinished, status).to.equal(expected);
      expect(UNFINISHED.includes(status), status).to.equal(expected);
    }
  });

  it('adds up, whatever comes in whatever order', () => {
    const record = fc.record({ status: fc.constantFrom(...STATUSES), size: fc.option(fc.nat()) });
    fc.assert(
      fc.property(fc.array(record), records => {
        const tally = new Tally();
        for (const fields of records) tally.add(fileRecord(fields));
        const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
        expect(sum(Object.values(tally.summary())))
          .to.equal(records.length)
          .and.to.equal(tally.total);
        expect(sum(STATUSES.map(status => tally.bytesOf(status)))).to.equal(tally.bytes);
        expect(Object.values(tally.summary()).every(count => count > 0)).to.equal(true);
      }),
    );
  });
});
