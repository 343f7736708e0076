import { expect } from 'chai';
import { fitted, widthOf } from '../../../src/cli/ui/width.ts';

describe('The width of a text', () => {
  for (const [text, columns] of [
    ['', 0],
    ['6602.jpg', 8],
    ['é', 1],
    ['e\u0301', 1],
    ['写真', 4],
    ['한글', 4],
    ['ひらカタ', 8],
    ['ｶﾀ', 2],
    ['ＡＢ', 4],
    ['🙂', 2],
    ['❤️', 2],
    ['👍🏽', 2],
    ['🇩🇪', 2],
    ['ק1885', 5],
    ['↓█…', 3],
  ] as const) {
    it(`of "${text}" is ${columns}`, () => expect(widthOf(text)).to.equal(columns));
  }
});

describe('A text that is cut to fit', () => {
  it('stays as it is where it fits', () => {
    expect(fitted('写真.jpg', 8)).to.equal('写真.jpg');
  });

  it('ends with an ellipsis, and no character is cut through', () => {
    expect(fitted('写真.jpg', 7)).to.equal('写真.j…');
    expect(fitted('写真写真', 4)).to.equal('写…');
    expect(fitted('e\u0301e\u0301e\u0301', 2)).to.equal('e\u0301…');
    expect(fitted('abc', 1)).to.equal('…');
    expect(fitted('abc', 0)).to.equal('');
  });
});
