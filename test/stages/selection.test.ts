import { expect } from 'chai';
import { PatternError, selectionOf } from '../../stages/selection.ts';

const ALL = { recursive: true, include: [], exclude: [] };

/** Whether an include pattern takes the file with this path. */
function takes(pattern: string, file: string): boolean {
  const slash = file.lastIndexOf('/');
  const path = file.slice(0, Math.max(slash, 0));
  return selectionOf({ ...ALL, include: [pattern] }).takes({ path, name: file.slice(slash + 1) });
}

describe('A selection', () => {
  for (const [pattern, taken, left] of [
    ['*.jpg', ['1.jpg', 'a/b/1.jpg', '1.JPG', '.hidden.jpg'], ['1.jpeg', '1.jpg.mov']],
    ['/*.jpg', ['1.jpg'], ['a/1.jpg']],
    ['a/*.jpg', ['a/1.jpg', 'A/1.jpg'], ['1.jpg', 'b/a/1.jpg', 'a/b/1.jpg']],
    ['a*', ['a.jpg', 'b/a.jpg'], ['a1/1.jpg']],
    ['a*/', ['a1/1.jpg', 'b/a1/c/1.jpg'], ['a.jpg']],
    ['a/*', ['a/1.jpg'], ['a/b/1.jpg']],
    ['**/b/**', ['b/1.jpg', 'a/b/c/1.jpg'], ['b.jpg']],
    ['a/**', ['a/1.jpg', 'a/b/c/1.jpg'], ['1.jpg', 'b/a/1.jpg']],
    ['**/raw/*', ['raw/1.jpg', 'a/b/raw/1.jpg'], ['raw.jpg']],
    ['raw', ['raw/1.jpg', 'a/raw/b/1.jpg', 'raw'], ['a/raws/1.jpg', 'raw.jpg']],
    ['raw/', ['raw/1.jpg'], ['raw']],
    ['a/b', ['a/b/1.jpg', 'a/b/c/1.jpg'], ['a/c/1.jpg', 'c/a/b/1.jpg']],
    ['./a/*', ['a/1.jpg'], ['b/1.jpg']],
    ['660?.jpg', ['6602.jpg'], ['66022.jpg', '660.jpg']],
    ['[!0-5]*.jpg', ['6602.jpg'], ['1.jpg']],
    ['{6600..6699}*', ['6602.jpg', '6602a.jpg'], ['6700.jpg']],
    ['*.{jpg,png}', ['1.jpg', '1.png'], ['1.gif']],
    ['{a/b,c}/*', ['a/b/1.jpg', 'c/1.jpg'], ['b/1.jpg']],
    ['* (1).jpg', ['6602 (1).jpg', 'a/6602 (1).jpg'], ['6602 1.jpg', '6602.jpg']],
    ['6602+6603.jpg', ['6602+6603.jpg'], ['66026603.jpg']],
    ['!*.jpg', ['!1.jpg'], ['1.jpg', '1.mov']],
    ['\\*.jpg', ['*.jpg'], ['1.jpg']],
    ['"a b".jpg', ['"a b".jpg'], ['a b.jpg']],
    ['a.jpg', ['a.jpg'], ['axjpg']],
    ['é*', ['e\u0301t\u00e9.jpg'], ['ete.jpg']],
    ['line*', ['line\nbreak.jpg'], []],
    ['**', ['1.jpg', 'a/b/1.jpg'], []],
  ] as const) {
    it(`takes by ${pattern} what it should`, () => {
      for (const file of taken) expect(takes(pattern, file), `takes ${JSON.stringify(file)}`).to.equal(true);
      for (const file of left) expect(takes(pattern, file), `leaves ${JSON.stringify(file)}`).to.equal(false);
    });
  }

  it('leaves out what is excluded, also if it is included', () => {
    const { takes, reads } = selectionOf({
      ...ALL,
      include: ['*.jpg', 'videos'],
      exclude: ['raw', '*b.jpg'],
    });
    expect(takes({ path: 'a', name: '1.jpg' })).to.equal(true);
    expect(takes({ path: 'videos/2019', name: '1.mov' })).to.equal(true);
    expect(takes({ path: 'a', name: '1.mov' })).to.equal(false);
    expect(takes({ path: 'a', name: '1b.jpg' })).to.equal(false);
    expect(takes({ path: 'a/raw/b', name: '1.jpg' })).to.equal(false);
    expect(['', 'a', 'raw', 'a/raw'].map(reads)).to.deep.equal([true, true, false, false]);
  });

  it('reads no folder without --recursive', () => {
    const { takes, reads } = selectionOf({ ...ALL, recursive: false });
    expect([
      reads(''),
      reads('a'),
      takes({ path: '', name: '1' }),
      takes({ path: 'a', name: '1' }),
    ]).to.deep.equal([true, false, true, false]);
  });

  for (const pattern of ['', '/', './', '[ab', '{a,b', 'a\\', '{1..9999999}', '{a..1}'])
    it(`refuses ${JSON.stringify(pattern)}`, () => {
      expect(() => selectionOf({ ...ALL, exclude: [pattern] })).to.throw(PatternError);
    });
});
