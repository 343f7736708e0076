import { expect } from 'chai';
import fc from 'fast-check';
import { FilesToMove } from '../../../src/run/progress/files-to-move.ts';
import { fileRecord } from '../../stages/flow.ts';

describe('FilesToMove', () => {
  it('counts files and bytes, and has the four largest of them, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat({ max: 9 }))), sizes => {
        const files = new FilesToMove();
        sizes.forEach((size, index) => {
          files.add(fileRecord({ id: `file-${index}`, size }));
        });
        const known = sizes.map(size => size ?? 0);
        expect(files).to.include({ files: known.length, bytes: known.reduce((sum, size) => sum + size, 0) });
        expect(files.largest.map(({ size }) => size ?? 0)).to.deep.equal(
          known.toSorted((a, b) => b - a).slice(0, 4),
        );
      }),
    );
  });
});
