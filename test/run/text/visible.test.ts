import { expect } from 'chai';
import { jsonOf, visible, visibleLines } from '../../../src/run/text/visible.ts';

const HARMFUL = 'a\u001b[2J\u009b\u200f\u202e\u2028\n\u{e0041}\ud800z';

describe('Text from strangers', () => {
  it('is shown with what cannot be seen, or does harm, spelled out', () => {
    expect(visible(HARMFUL)).to.equal('a\\u001b[2J\\u009b\\u200f\\u202e\\u2028\\u000a\\udb40\\udc41\\ud800z');
    expect(visible('1885-ק é 写真 👍.jpg')).to.equal('1885-ק é 写真 👍.jpg');
  });

  it('is harmless in JSON, and the same when it is read', () => {
    const value = { [HARMFUL]: [HARMFUL, '\\u0041', '\u007f', '\u2066'] };
    for (const json of [jsonOf(value), jsonOf(value, 2), visibleLines(jsonOf(value, 2))]) {
      expect(json).not.to.match(/[^\P{Cc}\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Cs}]/u);
      expect(JSON.parse(json)).to.deep.equal(value);
    }
  });
});
