import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadCommands, PROGRAM, PROJECT } from '../../build/commands.ts';
import { commandsPage } from '../../build/commands-page.ts';
import { manPage } from '../../build/man-page.ts';
import { type Section, sectionsOf } from '../../src/help/reference.ts';

const config = await loadCommands();
const sections = sectionsOf(config);
const about = {
  programs: ['migrator', 'amplify-media-migrator'] as const,
  version: '1.2.3',
  date: '2026-01-31',
  description: 'Move files.',
};

/** Descriptions with all that has a meaning in the language of manual pages, or in Markdown. */
const HOSTILE: Section[] = [
  {
    title: 'Set up',
    commands: [
      {
        name: 'go',
        summary: `.so /etc/passwd 'quoted' "and" \\fBbold\\fR ~ ^ \` – |`,
        description: "'br\n\n.sy touch harm\n<script>alert(1)</script> [a](b) *c* {stage}_{id}",
        args: [],
        flags: [],
        examples: [{ description: null, command: ".hidden 'x' \\n\n.sy touch harm" }],
      },
    ],
  },
];

/** How a letter is made bold on paper. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: letter, backspace, letter.
const OVERSTRUCK = /.\x08/g;

/** Reads the page with a program; undefined if the program is not there. Fails if it complains about anything. */
function read(program: string, args: string[], page: string): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(program, args, { input: page, encoding: 'utf8' });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  expect([status, stderr], program).to.deep.equal([0, '']);
  return stdout;
}

describe('the manual page', () => {
  const page = manPage({ ...about, sections });

  it('tells of every command, and of every flag', () => {
    const plain = page.replaceAll('\\-', '-');
    for (const { name, flags } of sections.flatMap(({ commands }) => commands)) {
      expect(plain).to.contain(`\n.SS ${name}\n.B migrator ${name}\n`);
      for (const flag of flags)
        expect(plain, `${name} --${flag.name}`).to.match(new RegExp(`-(-|\\])${flag.name}\\b`));
    }
  });

  it('is what groff and mandoc accept without a word', function () {
    const groff = read('groff', ['-ww', '-man', '-Tutf8'], page);
    const lint = read('mandoc', ['-T', 'lint', '-W', 'warning'], page);
    if (groff === undefined && lint === undefined) this.skip();
    expect(lint ?? '').to.equal('');
  });

  it('shows what stands in a description, and does nothing that stands there', function () {
    const hostile = manPage({ ...about, sections: HOSTILE });
    expect(hostile.split('\n').filter(line => /^[.'](so|sy|br|hidden)/.test(line))).to.be.empty;
    const shown = read('mandoc', ['-T', 'ascii'], hostile)?.replaceAll(OVERSTRUCK, '');
    if (shown === undefined) this.skip();
    expect(shown)
      .to.contain(`.so /etc/passwd 'quoted' "and" \\fBbold\\fR ~ ^ \``)
      .and.contain(".hidden 'x' \\n");
  });

  it('is in the package, under both names', () => {
    const { man, version, description } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
    for (const path of man)
      expect(existsSync(join(PROJECT, path)), `${path}, which "npm run build" makes`).to.equal(true);
    const [own, other] = (man as string[]).map(path => readFileSync(join(PROJECT, path), 'utf8'));
    const [, date = ''] = /^\.TH MIGRATOR 1 "([^"]*)"/.exec(own!)!;
    expect(own).to.equal(manPage({ ...about, version, description, date, sections }));
    expect(other).to.equal('.so man1/migrator.1\n');
    expect(join(PROJECT, man[0])).to.equal(join(PROGRAM, 'man', 'migrator.1'));
  });
});

describe('docs/commands.md', () => {
  it('is what the commands say of themselves; "npm run docs" writes it', () => {
    const written = readFileSync(join(PROJECT, 'docs', 'commands.md'), 'utf8');
    expect(written).to.equal(commandsPage(config.bin, sections));
  });

  it('shows descriptions as they are, not as Markdown or HTML', () => {
    const page = commandsPage('migrator', HOSTILE);
    expect(page).not.to.match(/[^\\]<script>/);
    expect(page).to.contain('\\[a\\](b) \\*c\\* {stage}\\_{id}');
  });

  it('has links that lead to its headings', () => {
    const page = commandsPage('migrator', sections);
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, text = '']) => text.replaceAll(' ', '-'));
    const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
    expect(links).to.deep.equal(headings);
  });
});
