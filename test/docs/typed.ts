/**
 * Types all that a page tells its reader to type, block after block, and compares what is shown. Remarks in the page
 * (HTML comments right before a block) say otherwise:
 *
 *     <!-- needs a real account -->       not typed here
 *     <!-- needs a person: … -->          asks at a browser or a prompt; not typed here
 *     <!-- not run: … -->                 not typed, for the reason that is given
 *     <!-- empty cloud -->                       with a new, empty local cloud
 */
import { expect } from 'chai';
import { notShown, textOf, typedIn } from './fences.ts';
import { lacking, Typist } from './typist.ts';

const LEFT_OUT = /^(needs a real account|needs a person: .+|not run: .+)$/;
const KNOWN = /^(needs|not run|empty cloud)\b/;

/** What tools other than this one say when they fail. */
const TROUBLE = /^(Error: |jq: error|(\/bin\/)?sh: |(sort|split|parallel|grep|cat|mv|cp): )/m;

export function describeTyped(page: string): void {
  describe(`what ${page} says to type`, function () {
    // Some blocks start a dozen processes, one after the other.
    this.timeout(180_000);
    let typist: Typist;
    before(async () => {
      typist = await Typist.sitDown();
    });
    after(() => typist.leave());

    for (const { line, text, shown, remark } of typedIn(textOf(page))) {
      const [first = ''] = text.split('\n').filter(each => !each.startsWith('#'));
      const title = `line ${line}: ${first}`;
      if (remark && KNOWN.test(remark) && remark !== 'empty cloud') {
        it(`${title} (${remark})`, () => expect(remark).to.match(LEFT_OUT));
        continue;
      }
      const missing = lacking(text);
      if (missing.length > 0) {
        it.skip(`${title} (left out: this computer has no ${missing.join(', ')})`);
        continue;
      }
      it(title, async () => {
        if (remark === 'empty cloud') {
          await typist.leave();
          typist = await Typist.sitDown();
        }
        const { code, codes, output } = await typist.type(text);
        // 3: finished, and files of the sample folder need a person.
        for (const each of codes) expect(each.code, `${each.line}\n${output}`).to.be.oneOf([0, 3]);
        expect(code, output).to.be.oneOf([0, 3]);
        expect(output).not.to.match(TROUBLE);
        if (shown !== null) expect(notShown(shown, output), `of what is shown, in\n${output}`).to.equal(null);
      });
    }
  });
}
