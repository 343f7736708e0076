/** Runs a Node program in a child process and measures what it uses. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../test/project-root.ts';
import type { ProcessUsage } from './usage.ts';

export interface Usage extends ProcessUsage {
  /** From start to end, as the user sees it. */
  seconds: number;
  /** Its lines on standard error. */
  messages: { line: string; atSeconds: number }[];
}

interface Program {
  /** The script and its arguments. */
  arguments: string[];
  environment?: Record<string, string>;
  /** Options of Node itself. */
  node?: string[];
  /** Standard input: a file descriptor, or a pipe to what `launch` gives; empty if absent. */
  input?: number | 'pipe';
  /** Standard output: a file descriptor, or another program's input; discarded if absent. */
  output?: number | Writable;
}

interface Launched {
  /** Null unless the input is a pipe. */
  input: Writable | null;
  /** Rejects with the program's messages if its exit code is neither 0 nor 3. */
  usage: Promise<Usage>;
}

export const COMMAND = join(projectRoot(), 'bin', 'run.js');
/** The command has finished, but some files need attention. */
const FINISHED_WITH_REMAINDER = 3;

export function launch(program: Program): Launched {
  const folder = mkdtempSync(join(tmpdir(), 'migrator-usage-'));
  const usagePath = join(folder, 'usage.json');
  const preload = pathToFileURL(join(projectRoot(), 'dist', 'bench', 'usage.js')).href;
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', preload, ...(program.node ?? []), ...program.arguments],
    {
      stdio: [program.input ?? 'ignore', program.output ?? 'ignore', 'pipe'],
      env: { ...process.env, ...program.environment, BENCH_USAGE: usagePath },
    },
  );
  return { input: child.stdin, usage: ended(child).finally(() => rmSync(folder, { recursive: true })) };

  async function ended(child: ChildProcess): Promise<Usage> {
    const passed = () => (performance.now() - started) / 1000;
    const messages: Usage['messages'] = [];
    createInterface({ input: child.stderr! }).on('line', line =>
      messages.push({ line, atSeconds: passed() }),
    );
    const [code] = await once(child, 'close');
    const seconds = passed();
    if (code !== 0 && code !== FINISHED_WITH_REMAINDER) {
      const said = messages.map(({ line }) => line).join('\n');
      throw new Error(`${program.arguments.join(' ')} ended with ${code}:\n${said}`);
    }
    return { ...JSON.parse(readFileSync(usagePath, 'utf8')), seconds, messages };
  }
}

/** Runs a program to its end. */
export function measure(program: Program): Promise<Usage> {
  return launch(program).usage;
}
