import { expect } from 'chai';
import { notShown, PAGES, textOf, typedIn } from './fences.ts';

const PAGE = `
\`\`\`sh
migrator status
\`\`\`

\`\`\`text
Folder …
\`\`\`

<!-- not run: why -->
\`\`\`sh
one
two
\`\`\`
Words between.
\`\`\`text
not of two
\`\`\`
<!-- empty cloud -->
\`\`\`console
before
$ three
shown
$ four
\`\`\``;

describe('the blocks of a page', () => {
  it('are typed with what is shown right behind them, and with the remark right before them', () => {
    expect(typedIn(PAGE).map(({ text, shown, remark }) => [text, shown, remark])).to.deep.equal([
      ['migrator status', 'Folder …', null],
      ['one\ntwo', null, 'not run: why'],
      ['three', 'shown\n', 'empty cloud'],
      ['four', '', null],
    ]);
  });

  it('are compared line by line, in order, with … for anything', () => {
    const output = 'a file\nb (1.5 s)\nsomething else\nc\n';
    expect(notShown('a file\nb (… s)\n…\nc', output)).to.equal(null);
    expect(notShown('c\na file', output)).to.equal('a file');
    expect(notShown('a fil', output)).to.equal('a fil');
    expect(notShown('b .1.5 s.', output)).to.equal('b .1.5 s.');
  });

  it('are nearly all typed, of those that need no person', () => {
    const all = PAGES.flatMap(page => typedIn(textOf(page)));
    const leftOut = all.filter(({ remark }) => /^n(?!eeds a person)/.test(remark ?? ''));
    expect(all).to.have.lengthOf.above(50);
    expect(leftOut.length / all.length).to.be.below(0.15);
  });
});
