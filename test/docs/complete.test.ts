/** What the pages must not leave out, and what they must not invent. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { defaultConfig, problemsOf, SETTINGS } from '../../src/config/settings.ts';
import { REASONS } from '../../src/results/report/advice.ts';
import { STATUS_TEXTS } from '../../src/run/progress/statuses.ts';
import { STATUSES } from '../../stages/record.ts';
import { COMMANDS } from '../command-list.ts';
import { projectRoot } from '../project-root.ts';
import { fencesIn, PAGES, textOf } from './fences.ts';

const root = projectRoot();

const SOURCES = ['src', 'stages']
  .flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true }).map(name => join(folder, String(name))),
  )
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join(root, name), 'utf8'));

const CODE = /'([a-z]\w+)'/g;

/** Codes of errors in one source file, wherever they are written down. */
function codesIn(source: string): string[] {
  const codes = (text: string) => [...text.matchAll(CODE)].map(([, code]) => code!);
  const errors = [...source.matchAll(/new (?:Run|File|Config)Error\(\s*([^,]+),/g)].map(
    ([, first]) => first!,
  );
  // The code may have been chosen, or named, some lines above.
  const named = errors
    .filter(first => /^\w+$/.test(first))
    .flatMap(name => [...source.matchAll(new RegExp(`const ${name} =([^;]+);`, 'g'))])
    .map(([, chosen]) => chosen!);
  return [
    ...errors.flatMap(codes),
    ...named.flatMap(codes),
    ...[...source.matchAll(/REPEAT_AT_ONCE = ('\w+')/g)].flatMap(([, code]) => codes(code!)),
    ...[...source.matchAll(/\bcode(?: =|:) ((?:\w+ \? )?'\w+'(?: : '\w+')?)/g)].flatMap(([, code]) =>
      codes(code!),
    ),
    ...[...source.matchAll(/code: \w+ \? ('\w+') : ('\w+')/g)].flatMap(([, one, other]) =>
      codes(one! + other!),
    ),
    ...[
      ...source.matchAll(/\bneedsReview\(\s*(?:\w+|\{[^}]*\}),\s*(?:'\w+'|\w+),\s*('\w+')/g),
      ...source.matchAll(/\b(?:unusable|forReview)\(\s*\w+,\s*('\w+')/g),
    ].flatMap(([, code]) => codes(code!)),
    ...[...source.matchAll(/\bproblem\(\s*('\w+')/g)].flatMap(([, code]) => codes(code!)),
    ...[...source.matchAll(/_REASONS: Readonly<.*?> = \{\n(.*?)\n\};/gs)].flatMap(([, table]) =>
      [...table!.matchAll(/^ {2}(\w+):/gm)].map(([, code]) => code!),
    ),
  ];
}

/** The first cells of all tables of a page, in code marks. */
function firstCells(page: string, isWanted = (_line: string) => true): string[] {
  return textOf(page)
    .split('\n')
    .filter(line => line.startsWith('| `') && isWanted(line))
    .flatMap(line => [...line.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return textOf(page)
    .replace(/^```.*?^```/gms, '')
    .split('\n')
    .flatMap(line => /^#+ (.*)$/.exec(line)?.[1] ?? [])
    .map(heading =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    );
}

describe('the pages', () => {
  it('explain the code of every error', () => {
    const codes = new Set(SOURCES.flatMap(codesIn));
    expect(codes.size).to.be.above(100);
    const explained = [...firstCells('docs/troubleshooting.md'), ...firstCells('docs/setup.md')];
    expect([...codes].filter(code => !explained.includes(code))).to.deep.equal([]);
  });

  it('explain no code that there is not', () => {
    const text = SOURCES.join('\n');
    const cells = [...firstCells('docs/troubleshooting.md'), ...firstCells('docs/setup.md')];
    const explained = cells.filter(cell => /^[a-z]\w+$/i.test(cell));
    // Google's own word, which its messages have.
    const foreign = ['invalid_grant'];
    const unknown = explained.filter(
      code => !foreign.includes(code) && !new RegExp(`\\b${code}\\b`).test(text),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('explain codes of files that the report gives advice on, too', () => {
    const isAboutFile = (line: string) => /^`(failed|needs_review|orphan)`/.test(line.split(' | ')[1]!);
    const codes = firstCells('docs/troubleshooting.md', isAboutFile);
    expect(codes).to.include('md5_mismatch');
    expect(codes.filter(code => !REASONS.includes(code))).to.deep.equal([]);
  });

  it('explain every field of a record', () => {
    const source = readFileSync(join(root, 'stages', 'record.ts'), 'utf8');
    const record = /export interface FileRecord \{(.*?)\n\}/s.exec(source)![1]!;
    const fields = [...record.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field]) => field!);
    expect(fields).to.include.members(['id', 'storedAt', 'error']);
    expect(firstCells('docs/manifests.md')).to.include.members(fields);
  });

  for (const page of ['README.md', 'docs/manifests.md']) {
    it(`explain every status in ${page}`, () => {
      expect(firstCells(page)).to.include.members([...STATUSES]);
    });
  }

  it('give every status the meaning that the program shows', () => {
    const text = textOf('docs/manifests.md');
    for (const [status, { meaning }] of Object.entries(STATUS_TEXTS))
      expect(text).to.include(`| \`${status}\` | ${meaning}`);
  });

  it('explain every setting, and show a configuration that is accepted', () => {
    const text = textOf('docs/setup.md');
    const lacking = SETTINGS.filter(({ key }) => !text.includes(key.split('.').at(-1)!)).map(
      ({ key }) => key,
    );
    expect(lacking).to.deep.equal([]);
    const samples = fencesIn(text).filter(({ language }) => language === 'json');
    expect(samples).to.have.length(2);
    for (const sample of samples) {
      const json = sample.text.startsWith('{') ? sample.text : `{${sample.text}}`;
      const plain = json
        .replace('1AbC…', '1AbC')
        .replace('us-east-1:…', 'us-east-1:01234567-89ab-cdef-0123-456789abcdef');
      expect(problemsOf(JSON.parse(plain)), sample.text).to.deep.equal([]);
    }
  });

  it('tell the defaults as they are', () => {
    const { google_drive, migration, naming } = defaultConfig();
    const [sample] = fencesIn(textOf('docs/setup.md')).filter(({ language }) => language === 'json');
    const shown = JSON.parse(sample!.text);
    expect(shown.migration).to.deep.equal(migration);
    expect(shown.naming).to.equal(naming);
    expect(shown.google_drive.queries_per_second).to.equal(google_drive.queries_per_second);
    // Like `migration.concurrency` (10).
    const known: Record<string, unknown> = { ...google_drive, ...migration };
    const told = PAGES.flatMap(page => [...textOf(page).matchAll(/`(?:\w+\.)?(\w+)`\s\((\d+)/g)]);
    const ofSettings = told.filter(([, key]) => key! in known);
    expect(ofSettings).to.not.be.empty;
    for (const [text, key, number] of ofSettings) expect(Number(number), text).to.equal(known[key!]);
  });

  it('name every command in README, and no other', () => {
    const names = [...COMMANDS.map(({ name }) => name), 'autocomplete', 'help'];
    const table = textOf('README.md').split('## Commands')[1]!.split('\n## ')[0]!;
    for (const name of names) expect(table).to.contain(`\`${name}\``);
    const first = new Set(names.flatMap(name => [name, name.split(' ')[0]!]));
    for (const page of PAGES) {
      const used = [...textOf(page).matchAll(/(?:^|[`|] ?|&& )migrator ([a-z][a-z-]+)/gm)].map(
        ([, name]) => name!,
      );
      expect(
        used.filter(name => !first.has(name)),
        page,
      ).to.deep.equal([]);
    }
  });

  it('say of every dependency why it is there', () => {
    const { dependencies = {}, devDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    const text = textOf('README.md').split('## Dependencies')[1]!;
    for (const name of [...Object.keys(dependencies), ...Object.keys(devDependencies)])
      expect(text, name).to.contain(`\`${name}\``);
    const known = { ...dependencies, ...devDependencies };
    const said = firstCells('README.md').filter(
      cell => cell.startsWith('@') || text.includes(`| \`${cell}\``),
    );
    expect(said.filter(name => !(name in known))).to.deep.equal([]);
  });

  it('tell to type in no other form than those that are typed', () => {
    const untyped = PAGES.flatMap(page => {
      const forms = ['sh', 'console'];
      const other = fencesIn(textOf(page)).filter(({ language }) => !forms.includes(language));
      const indented = textOf(page)
        .replace(/^```.*?^```/gms, '')
        .split('\n')
        .filter(line => /^ {4}/.test(line));
      return [...other.flatMap(({ text }) => text.split('\n')), ...indented];
    });
    expect(untyped.filter(line => /^\s*(\$ )?(migrator|npm|jq) /.test(line))).to.deep.equal([]);
  });

  it('are typed, each of them', () => {
    const folder = join(root, 'test', 'docs');
    const tests = readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8'));
    expect(
      PAGES.filter(page => !tests.some(text => text.includes(`describeTyped('${page}')`))),
    ).to.deep.equal([]);
  });

  it('name files of the services that are there', () => {
    const named = [...textOf('docs/services.md').matchAll(/`([\w./-]+\.ts)`/g)].map(([, path]) => path!);
    const isThere = (path: string) =>
      ['', 'src/services'].some(folder => existsSync(join(root, folder, path)));
    expect(named.filter(path => !isThere(path))).to.deep.equal([]);
  });

  for (const page of PAGES) {
    it(`have no broken link in ${page}`, () => {
      const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
      for (const link of links) {
        if (/^https?:/.test(link)) continue;
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        expect(existsSync(join(root, target)), link).to.equal(true);
        if (anchor !== undefined) expect(anchorsOf(target), link).to.include(anchor);
      }
    });

    it(`name files of the project that are there in ${page}`, () => {
      const named = [...textOf(page).matchAll(/`((?:src|stages|test|bench|bin)\/[\w./-]+)`/g)].map(
        ([, path]) => path!,
      );
      expect(named.filter(path => !existsSync(join(root, path)))).to.deep.equal([]);
    });
  }
});
