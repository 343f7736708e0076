import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadCommands, PROJECT } from '../../build/commands.ts';
import { commandsPage } from '../../build/commands-page.ts';
import { type Section, sectionsOf } from '../../src/cli/help/reference.ts';

const config = await loadCommands();
const sections = sectionsOf(config);
/** Descriptions with all that has a meaning in Markdown or HTML. */
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
