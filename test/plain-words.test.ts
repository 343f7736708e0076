/** Odd phrases that users have stumbled over must not come back: in messages and help (strings of the sources), or in the pages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PAGES } from './docs/fences.ts';
import { projectRoot } from './project-root.ts';

/** Patterns of words, separated by semicolons. */
const ODD = String.raw`
  stands (?:under|at|behind|in|before|by|still); (?:lies|lie) (?:in|under|below|behind|at|between);
  begun; anew; who(?:so)?ever; in (?:its|their) stead; nobody; signs? in nowhere;
  (?:last line|value|configuration) (?:for \w+ \w+ )?(?:that )?holds; flag holds; came to its end;
  passing fault; outlived; worked on yet; on (?:its|their) way; has to decide; gone from Drive;
  in thought; the configuration that holds; is not fine; say(?:s)? (?:how far|aloud);
  how far a run has come; as far as it has come; look whether; is really there; tries it out;
  does not let \S+ in; garbled; neighbou?rs; mends?; climbs back; halt(?:s|ed)?; in spite of;
  through all retries; waited out; heard by everybody; second truth; (?:comes|came) to be;
  goes on with; leaves room for doubt; plays? the same; makes of it; what (?:breaks|gave way);
  nothing piles up; every matter; (?:slow|fast) line; bytes came; stays done; worked on (?:already|again); ticked; more like this
`
  .trim()
  .split(/;\s+/)
  .map(words => new RegExp(`\\b${words}\\b`, 'i'));

/** Matches comments and strings, whichever starts first. The strings are the second group. */
const COMMENT_OR_STRING =
  /\/\*[\s\S]*?\*\/|(?<![:\\'"`])\/\/.*|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/g;

function stringsOf(source: string): string {
  return [...source.matchAll(COMMENT_OR_STRING)].flatMap(([, text]) => text ?? []).join('\n');
}

/** HTML comments are remarks to the tests, not to readers. */
function proseOf(page: string): string {
  return page.replace(/<!--.*?-->/gs, '');
}

function oddPhrasesIn(text: string): string[] {
  return ODD.flatMap(phrase => phrase.exec(text.replace(/\s+/g, ' '))?.[0] ?? []);
}

function sources(): string[] {
  return ['src', 'stages'].flatMap(folder =>
    readdirSync(join(projectRoot(), folder), { recursive: true })
      .map(name => join(folder, String(name)))
      .filter(name => name.endsWith('.ts')),
  );
}

const read = (path: string) => readFileSync(join(projectRoot(), path), 'utf8');

describe('plain words', () => {
  it('are checked in strings and prose, not in comments', () => {
    const source = "// Nobody.\nconst a = 'begun anew'; /* whoever */ const b = `it stands\n under`;";
    expect(oddPhrasesIn(stringsOf(source))).to.deep.equal(['stands under', 'begun', 'anew']);
    expect(oddPhrasesIn(proseOf('<!-- anew -->\nThe file lies\nin S3.'))).to.deep.equal(['lies in']);
  });

  it('are in every message and help text', () => {
    const found = sources().flatMap(path =>
      oddPhrasesIn(stringsOf(read(path))).map(phrase => `${path}: ${phrase}`),
    );
    expect(found).to.deep.equal([]);
  });

  it('are in every page', () => {
    const pages = [...PAGES, 'SECURITY.md', 'CHANGELOG.md', 'package.json'];
    const found = pages.flatMap(path =>
      oddPhrasesIn(proseOf(read(path))).map(phrase => `${path}: ${phrase}`),
    );
    expect(found).to.deep.equal([]);
  });
});
