/** Somebody who types at a terminal what a page says, with a local cloud behind it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { type Home, Sandbox } from '../e2e/sandbox.ts';
import { binFolder } from '../project-root.ts';

/** Wide enough that nothing is wrapped. */
const COLUMNS = 300;

const END = '\u001e';
/** The terminal drops what has not been read when its last process ends, so the shell waits for a line. */
const UNTIL_READ = `/bin/sh -c "$1"; code=$?; printf '\\036'; read -r _; exit $code`;

export interface Outcome {
  /** Of the shell: that of the last command. */
  code: number;
  /** Of each `migrator`, in the order in which they ended. */
  codes: { code: number; line: string }[];
  /** Standard output and standard error, as they came; without colours. */
  output: string;
}

/** The sample folder in Drive, a home that leads there, and an empty folder with what a new user has been handed. */
export class Typist {
  readonly sandbox: Sandbox;
  readonly home: Home;
  readonly sample: SampleFolder;
  /** Where everything is typed. */
  readonly place: string;
  readonly #env: Record<string, string>;

  private constructor(sandbox: Sandbox, home: Home, sample: SampleFolder) {
    this.sandbox = sandbox;
    this.home = home;
    this.sample = sample;
    this.place = join(sandbox.folder, 'place');
    const record = `code=$?\necho "$code migrator $*" >> '${this.#codes}'\nexit $code\n`;
    const bin = binFolder(join(sandbox.folder, 'bin'), record);
    this.#env = {
      ...home.env,
      PATH: `${bin}:${process.env.PATH}`,
      FOLDER: sample.folderId,
      // Lines instead of pictures, in the language of the pages.
      TERM: 'dumb',
      LC_ALL: 'C.UTF-8',
    };
    mkdirSync(this.place);
    this.#hand('amplify_outputs.json', JSON.stringify(sandbox.cloud.amplifyOutputs()));
    this.#hand('password-file', `${sandbox.cloud.admin.password}\n`);
    copyFileSync(join(home.path, 'google_credentials.json'), join(this.place, 'google_client.json'));
  }

  static async sitDown(): Promise<Typist> {
    const sandbox = await Sandbox.open();
    const sample = sandbox.seedSample();
    return new Typist(sandbox, await sandbox.home({ folderId: sample.folderId, signedIn: false }), sample);
  }

  leave(): Promise<void> {
    return this.sandbox.close();
  }

  /** Types the lines into a shell; `FOLDER_ID` stands for the sample folder. */
  async type(text: string): Promise<Outcome> {
    rmSync(this.#codes, { force: true });
    const typed = text.replaceAll('FOLDER_ID', this.sample.folderId);
    const shell = spawn('/bin/sh', ['-c', UNTIL_READ, 'sh', typed], {
      name: 'dumb',
      cols: COLUMNS,
      rows: 50,
      cwd: this.place,
      env: this.#env,
    });
    let seen = '';
    const ended = new Promise<number>(resolve => shell.onExit(({ exitCode }) => resolve(exitCode)));
    shell.onData(piece => {
      seen += piece;
      if (seen.endsWith(END)) shell.write('\n');
    });
    const code = await ended;
    const output = stripVTControlCharacters(seen.split(END)[0]!).replaceAll('\r\n', '\n');
    return { code, codes: this.#codesSoFar(), output };
  }

  get #codes(): string {
    return join(this.sandbox.folder, 'codes');
  }

  #codesSoFar(): Outcome['codes'] {
    if (!existsSync(this.#codes)) return [];
    const lines = readFileSync(this.#codes, 'utf8').trimEnd().split('\n');
    return lines.map(line => ({ code: Number.parseInt(line, 10), line: line.replace(/^\d+ /, '') }));
  }

  #hand(name: string, content: string): void {
    writeFileSync(join(this.place, name), content);
  }
}

/** Programs that pages use and that not every computer has. */
const TOOLS: Readonly<Record<string, () => boolean>> = {
  jq: () => runs('jq', '--version'),
  parallel: () => /GNU/.test(outputOf('parallel', '--version')),
  split: () => /GNU/.test(outputOf('split', '--version')),
};

const known = new Map<string, boolean>();

/** Those of the programs which the text uses that this computer does not have. */
export function lacking(text: string): string[] {
  return Object.entries(TOOLS)
    .filter(([name]) => new RegExp(`(^|[|;&(]\\s*|\\n\\s*)${name} `).test(text))
    .filter(([name, has]) => {
      if (!known.has(name)) known.set(name, has());
      return !known.get(name);
    })
    .map(([name]) => name);
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

function outputOf(command: string, ...args: string[]): string {
  return String(spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '');
}
