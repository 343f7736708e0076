import { expect } from 'chai';
import { passes } from './filter.ts';

describe('local AppSync: filters', () => {
  const item = { id: 'b', sequentialId: 10, species: 'fox', isAvailableForPublicUse: false, countryId: null };

  it('evaluate every operator of the schema', () => {
    const rows: [string, Record<string, unknown>, boolean][] = [
      ['sequentialId', { eq: 10 }, true],
      ['sequentialId', { eq: 11 }, false],
      ['sequentialId', { ne: 11 }, true],
      ['sequentialId', { ne: 10 }, false],
      ['sequentialId', { lt: 10 }, false],
      ['sequentialId', { le: 10 }, true],
      ['sequentialId', { gt: 9 }, true],
      ['sequentialId', { ge: 11 }, false],
      ['sequentialId', { between: [10, 12] }, true],
      ['sequentialId', { between: [11, 12] }, false],
      ['sequentialId', { gt: 1, lt: 5 }, false],
      ['species', { lt: 'fp' }, true],
      ['species', { contains: 'ox' }, true],
      ['species', { contains: 'OX' }, false],
      ['species', { notContains: 'ox' }, false],
      ['species', { beginsWith: 'fo' }, true],
      ['species', { beginsWith: 'ox' }, false],
      ['species', { size: { eq: 3 } }, true],
      ['species', { size: { gt: 3 } }, false],
      ['species', { attributeExists: true }, true],
      ['missing', { attributeExists: true }, false],
      ['missing', { attributeExists: false }, true],
      ['missing', { eq: 'x' }, false],
      ['missing', { ne: 'x' }, true],
      ['missing', { notContains: 'x' }, true],
      ['missing', { lt: 'x' }, false],
      ['species', { attributeType: 'string' }, true],
      ['sequentialId', { attributeType: 'string' }, false],
      ['countryId', { attributeType: '_null' }, true],
      ['countryId', { lt: 'x' }, false],
      ['isAvailableForPublicUse', { eq: false }, true],
      ['isAvailableForPublicUse', { ne: false }, false],
    ];
    for (const [name, filter, expected] of rows) {
      expect(passes(item, { [name]: filter }), `${name} ${JSON.stringify(filter)}`).to.equal(expected);
    }
  });

  it('combine with and, or, not, and with each other', () => {
    const ten = { sequentialId: { eq: 10 } };
    const cat = { species: { eq: 'cat' } };
    expect(passes(item, { and: [ten, cat] })).to.equal(false);
    expect(passes(item, { or: [ten, cat] })).to.equal(true);
    expect(passes(item, { not: cat })).to.equal(true);
    expect(passes(item, { ...ten, not: { or: [cat, { species: { eq: 'fox' } }] } })).to.equal(false);
    expect(passes(item, {})).to.equal(true);
    expect(passes(item, null)).to.equal(true);
  });
});
