import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadCommands } from '../../../build/commands.ts';
import { bashCompletion } from '../../../src/cli/completion/bash.ts';
import { fishCompletion } from '../../../src/cli/completion/fish.ts';
import { zshCompletion } from '../../../src/cli/completion/zsh.ts';
import { type Section, sectionsOf } from '../../../src/cli/help/reference.ts';
import { STATUSES } from '../../../stages/record.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
type Shell = keyof typeof SCRIPTS;

const REST = STATUSES.filter(status => status !== 'duplicate' && status !== 'partial').sort();

/** What is typed up to the cursor, and what its last word may become. */
const TYPED: readonly [line: string, offers: string[]][] = [
  ['migrator mig', ['migrate']],
  ['migrator st', ['status']],
  ['amplify-media-migrator login g', ['google']],
  ['migrator login ', ['aws', 'google']],
  ['migrator migrate --dry', ['--dry-run']],
  ['migrator migrate --re', ['--recursive', '--rescan', '--retry-orphans']],
  ['migrator login google --no', ['--no-browser']],
  ['migrator migrate --naming r', ['relaxed']],
  ['migrator migrate --json --naming r', ['relaxed']],
  ['migrator export --status dup', ['duplicate']],
  ['migrator export --status duplicate,pa', ['duplicate,partial']],
  ['migrator export --status duplicate,partial,', REST.map(status => `duplicate,partial,${status}`)],
  ['migrator parse --in piece', ['pieces.ndjson']],
  ['migrator logout a', ['aws']],
  ['migrator completion f', ['fish']],
  ['migrator help ver', ['verify']],
];

const HOSTILE: Section[] = [
  {
    title: 'Set up',
    commands: [
      {
        name: 'go',
        summary: `It's "[quoted]": $(touch harm) \`touch harm\` \\ 100%`,
        description: '',
        args: [],
        flags: [
          {
            ...{ name: 'file', char: 'f', allowNo: false, value: 'FILE', options: [], default: null },
            ...{ required: false, multiple: false, isList: false, group: null },
            description: `a file: [it's] $(touch harm) \\`,
          },
        ],
        examples: [],
      },
    ],
  },
];

const programs = ['migrator', 'amplify-media-migrator'] as const;
const sections = sectionsOf(await loadCommands());

function has(shell: Shell): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}

describe('completion', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'completion-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const inShell = (shell: Shell, args: string[]): string => {
    const { status, stdout, stderr, error } = spawnSync(shell, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, TERM: 'dumb' },
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(status, `${stderr}${error ?? ''}`).to.equal(0);
    expect(stderr).to.equal('');
    return stdout;
  };

  const script = (shell: Shell, of: readonly Section[], name = `script.${shell}`): string => {
    const path = join(folder, name);
    writeFileSync(path, SCRIPTS[shell]({ programs, sections: of }));
    return path;
  };

  for (const shell of Object.keys(SCRIPTS) as Shell[]) {
    it(`for ${shell} names every command, flag and value`, () => {
      const text = SCRIPTS[shell]({ programs, sections });
      for (const { name, flags } of sections.flatMap(({ commands }) => commands)) {
        for (const word of name.split(' ')) expect(text).to.contain(word);
        for (const flag of flags) {
          expect(text, `${name} --${flag.name}`).to.contain(
            shell === 'fish' ? `-l ${flag.name} ` : `--${flag.name}`,
          );
          for (const option of flag.options) expect(text).to.contain(option);
        }
      }
    });
  }

  describe('in bash', () => {
    before(function () {
      if (!has('bash')) this.skip();
    });

    /** What bash's completion function offers for the words, as bash takes them apart. */
    const offered = (path: string, words: string[]) =>
      inShell('bash', [
        ...['--norc', '--noprofile', '-c'],
        `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _migrator; printf '%s\\n' "\${COMPREPLY[@]}"`,
        ...[path, ...words],
      ])
        .split('\n')
        .filter(Boolean)
        .sort();

    it('offers what may follow', () => {
      writeFileSync(join(folder, 'pieces.ndjson'), '');
      const path = script('bash', sections);
      for (const [line, offers] of TYPED) expect(offered(path, line.split(' ')), line).to.deep.equal(offers);
      expect(offered(path, ['migrator', 'migrate', '--naming', '=', 'r'])).to.deep.equal(['relaxed']);
      expect(offered(path, ['migrator', 'migrate', '--folder-id', ''])).to.deep.equal([]);
      expect(offered(path, ['migrator', 'export', '--status', '=', 'failed,o'])).to.deep.equal([
        'failed,orphan',
      ]);
    });

    it('does nothing that stands in a list', () => {
      const path = script('bash', sections);
      offered(path, ['migrator', 'export', '--status', '$(touch harm),`touch harm`,']);
      expect(existsSync(join(folder, 'harm'))).to.equal(false);
    });

    it('offers paths with spaces whole', () => {
      writeFileSync(join(folder, 'two words.ndjson'), '');
      const path = script('bash', sections);
      expect(offered(path, ['migrator', 'link', '--in', 'two'])).to.deep.equal(['two words.ndjson']);
    });

    it('is asked under both names', () => {
      const path = script('bash', sections);
      const registered = inShell('bash', ['--norc', '-c', '. "$0"; complete -p', path]);
      for (const name of programs) expect(registered).to.contain(`-F _migrator ${name}\n`);
    });
  });

  describe('in fish', () => {
    before(function () {
      if (!has('fish')) this.skip();
    });

    it('offers what may follow, with what it does', () => {
      writeFileSync(join(folder, 'pieces.ndjson'), '');
      const path = script('fish', sections);
      const asked = TYPED.map(([line]) => `complete -C '${line}'; echo ----`).join('; ');
      const answers = inShell('fish', ['--no-config', '-c', `source ${path}; ${asked}`]).split('----\n');
      for (const [index, [line, offers]] of TYPED.entries()) {
        const words = answers[index]!.split('\n').flatMap(answer => answer.split('\t')[0] || []);
        expect(words.sort(), line).to.deep.equal(offers);
      }
      expect(answers[0]).to.contain('\tRun all five stages');
    });
  });

  describe('in zsh', () => {
    before(function () {
      if (!has('zsh')) this.skip();
    });

    /** Types each line and Tab at a zsh with a terminal of its own; gives what the line has become. */
    const become = (load: string, lines: readonly string[]): string[] => {
      const typist = join(folder, 'typist.zsh');
      writeFileSync(
        typist,
        `zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "PS1=; unsetopt BEEP; autoload -Uz compinit; ${load}; print REA''DY"
zpty -r shell seen '*READY*'
for line in "$@"; do
  zpty -w -n shell "$line"$'\\t\\C-aprint -r -- "BEGIN<\\C-e>"END\\n'
  zpty -r shell seen '*BEGIN<*>END*'
  print -r -- "\${\${seen##*BEGIN<}%%>END*}"
done
zpty -d shell
`,
      );
      return inShell('zsh', ['-f', typist, ...lines])
        .trimEnd()
        .split('\n');
    };

    it('completes as it is sourced, and as a file in $fpath', () => {
      writeFileSync(join(folder, 'pieces.ndjson'), '');
      const single = TYPED.filter(([line, offers]) => offers.length === 1 && line !== 'migrator st');
      const lines = single.map(([line]) => line);
      const expected = single.map(([line, [word]]) => line.replace(/\S*$/, word!));
      const path = script('zsh', sections);
      expect(become(`compinit -u -D; source ${path}`, lines).map(line => line.trimEnd())).to.deep.equal(
        expected,
      );

      mkdirSync(join(folder, 'functions'));
      script('zsh', sections, 'functions/_migrator');
      const found = become(`fpath=(${join(folder, 'functions')} $fpath); compinit -u -D`, lines.slice(0, 3));
      expect(found.map(line => line.trimEnd())).to.deep.equal(expected.slice(0, 3));
    });
  });

  for (const shell of Object.keys(SCRIPTS) as Shell[]) {
    it(`for ${shell} does no harm, whatever a description says`, function () {
      if (!has(shell)) this.skip();
      const path = script(shell, HOSTILE, `hostile.${shell}`);
      inShell(shell, shell === 'fish' ? ['--no-config', '-n', path] : ['-n', path]);
      const load = shell === 'zsh' ? 'autoload -Uz compinit; compinit -u -D; ' : '';
      const ask = shell === 'fish' ? "; complete -C 'migrator go --f'" : '';
      const quiet = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell];
      inShell(shell, [...quiet, '-c', `${load}source ${path}${ask}; test ! -e harm`]);
    });
  }
});
