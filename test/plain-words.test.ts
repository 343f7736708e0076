/** Odd phrases that users have stumbled over must not come back: in messages and help (strings of the sources), or in the pages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PAGES } from './docs/fences.ts';
import { projectRoot } from './project-root.ts';

const ODD: readonly RegExp[] = [
  /\bstands (?:under|at|behind|in|before|by|still)\b/i,
  /\b(?:lies|lie) (?:in|under|below|behind|at|between)\b/i,
  /\bbegun\b/i,
  /\banew\b/i,
  /\bwho(?:so)?ever\b/i,
  /\bin (?:its|their) stead\b/i,
  /\bnobody\b/i,
  /\bsigns? in nowhere\b/i,
  /\b(?:last line|value|configuration) (?:for \w+ \w+ )?(?:that )?holds\b/i,
  /\bflag holds\b/i,
  /\bcame to its end\b/i,
  /\bpassing fault\b/i,
  /\boutlived\b/i,
  /\bworked on yet\b/i,
  /\bon (?:its|their) way\b/i,
  /\bhas to decide\b/i,
  /\bgone from Drive\b/i,
  /\bin thought\b/i,
  /\bthe configuration that holds\b/i,
  /\bis not fine\b/i,
  /\bsay(?:s)? (?:how far|aloud)\b/i,
  /\bhow far a run has come\b/i,
  /\bas far as it has come\b/i,
  /\blook whether\b/i,
  /\bis really there\b/i,
  /\btries it out\b/i,
  /\bdoes not let \S+ in\b/i,
  /\bgarbled\b/i,
  /\bneighbou?rs\b/i,
  /\bmends?\b/i,
  /\bclimbs back\b/i,
  /\bhalt(?:s|ed)?\b/i,
  /\bin spite of\b/i,
  /\bthrough all retries\b/i,
  /\bwaited out\b/i,
  /\bheard by everybody\b/i,
  /\bsecond truth\b/i,
  /\b(?:comes|came) to be\b/i,
  /\bgoes on with\b/i,
  /\bleaves room for doubt\b/i,
  /\bplays? the same\b/i,
  /\bmakes of it\b/i,
  /\bwhat (?:breaks|gave way)\b/i,
  /\bnothing piles up\b/i,
  /\bevery matter\b/i,
  /\b(?:slow|fast) line\b/i,
];

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
