import { expect } from 'chai';
import fc from 'fast-check';
import { Counts, UNFINISHED } from '../../../src/run/progress/counts.ts';
import { STATUSES } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';

describe('Counts', () => {
  it('counts files and bytes by status', () => {
    const counts = new Counts();
    counts.add(fileRecord({ status: 'completed', size: 5, bytes: 7 }));
    counts.add(fileRecord({ status: 'completed', size: 10 }));
    counts.add(fileRecord({ status: 'orphan', size: null }));
    counts.add(fileRecord({ status: 'failed', size: undefined }));
    expect(counts).to.include({ total: 4, bytes: 17 });
    expect(counts.files('completed')).to.equal(2);
    expect(counts.bytesOf('completed')).to.equal(17);
    expect(counts.bytesOf('orphan')).to.equal(0);
    expect(counts.files('partial')).to.equal(0);
    expect(counts.summary()).to.deep.equal({ completed: 2, failed: 1, orphan: 1 });
  });

  it('of nothing is empty and finished', () => {
    const counts = new Counts();
    expect(counts.summary()).to.deep.equal({});
    expect(counts).to.include({ total: 0, bytes: 0, unfinished: false });
  });

  it('is unfinished when a file needs a person or another run', () => {
    for (const status of STATUSES) {
      const counts = new Counts();
      counts.add(fileRecord({ status: 'completed' }));
      counts.add(fileRecord({ status }));
      const expected = ['failed', 'partial', 'needs_review', 'orphan'].includes(status);
      expect(counts.unfinished, status).to.equal(expected);
      expect(UNFINISHED.includes(status), status).to.equal(expected);
    }
  });

  it('adds up, whatever comes in whatever order', () => {
    const record = fc.record({ status: fc.constantFrom(...STATUSES), size: fc.option(fc.nat()) });
    fc.assert(
      fc.property(fc.array(record), records => {
        const counts = new Counts();
        for (const fields of records) counts.add(fileRecord(fields));
        const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
        expect(sum(Object.values(counts.summary())))
          .to.equal(records.length)
          .and.to.equal(counts.total);
        expect(sum(STATUSES.map(status => counts.bytesOf(status)))).to.equal(counts.bytes);
        expect(Object.values(counts.summary()).every(count => count > 0)).to.equal(true);
      }),
    );
  });
});
