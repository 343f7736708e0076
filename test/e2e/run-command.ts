/** Runs the real command in child processes: one alone, or several joined by pipes as a shell joins them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RUN } from '../project-root.ts';

export interface Outcome {
  /** Null if a signal ended the process. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env: Record<string, string>;
  cwd?: string;
  /** What is piped in; /dev/null when absent. */
  stdin?: string;
  /**
   * A pipe that the test reads when absent. `held`: a pipe that nobody reads before `release`. `none`: /dev/null, which
   * the command does not take for a pipe.
   */
  stdout?: 'held' | 'none';
}

/** A process that may still be running. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Begins to read a `held` standard output. */
  release(): void;
  /** Resolves with all of standard error so far, as soon as this is in it. */
  said(pattern: RegExp): Promise<string>;
}

const running = new Set<ChildProcess>();

/** A pipe whose processes may still be running. */
interface RunningPipe {
  /** The shell that joins them. */
  readonly child: ChildProcess;
  readonly ended: Promise<PipeOutcome>;
}

/** Starts `migrator` with these arguments. */
export function start(args: readonly string[], options: RunOptions): Running {
  return launch(process.execPath, [RUN, ...args], options);
}

/** Runs `migrator` to its end. */
export function run(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return start(args, options).ended;
}

/** A member of a pipe: arguments of `migrator`, or the text of a shell command. */
export type Member = readonly string[] | string;

interface PipeOutcome {
  /** Standard output of the last member. */
  stdout: string;
  /** Of each member, in order. */
  codes: number[];
  stderrs: string[];
}

/** Joins the members by the pipes of a POSIX shell. Signals to the child's group reach all of them, but not the shell. */
export function startPipe(members: readonly Member[], options: RunOptions): RunningPipe {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-pipe-'));
  const place = (index: number, kind: string) => quoted(join(folder, `${index}.${kind}`));
  const parts = members.map((member, index) => {
    const command =
      typeof member === 'string' ? member : [process.execPath, RUN, ...member].map(quoted).join(' ');
    return `{ trap : INT; ${command} 2>${place(index, 'err')}; echo $? >${place(index, 'code')}; }`;
  });
  const read = (index: number, kind: string) => readFileSync(join(folder, `${index}.${kind}`), 'utf8');
  // An ignored signal stays ignored in what a shell starts, one with a handler does not.
  const { child, ended } = launch('/bin/sh', ['-c', `trap : INT; ${parts.join(' | ')}`], options);
  const outcome = async (): Promise<PipeOutcome> => {
    try {
      const { stdout } = await ended;
      return {
        stdout,
        codes: members.map((_, index) => Number(read(index, 'code'))),
        stderrs: members.map((_, index) => read(index, 'err')),
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  return { child, ended: outcome() };
}

/** Runs a pipe to its end. */
export function pipe(members: readonly Member[], options: RunOptions): Promise<PipeOutcome> {
  return startPipe(members, options).ended;
}

/** Ends what a test has left running. */
export function endAll(): void {
  for (const child of running) end(child);
}

/** The process with all it has started: each runs as the leader of a group of its own. */
export function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(-child.pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function launch(command: string, args: readonly string[], options: RunOptions): Running {
  const { env, cwd, stdin, stdout } = options;
  const nowhere = openSync('/dev/null', 'w');
  const child = spawn(command, args, {
    cwd: cwd ?? tmpdir(),
    env: { PATH: process.env.PATH, ...env },
    detached: true,
    stdio: [stdin === undefined ? 'ignore' : 'pipe', stdout === 'none' ? nowhere : 'pipe', 'pipe'],
  });
  closeSync(nowhere);
  running.add(child);
  // The process may end without having read everything.
  child.stdin?.on('error', () => {});
  child.stdin?.end(stdin);
  const out: string[] = [];
  const err: string[] = [];
  const collect = (stream: NodeJS.ReadableStream | null, texts: string[]) =>
    stream?.setEncoding('utf8').on('data', (text: string) => texts.push(text));
  if (stdout !== 'held') collect(child.stdout, out);
  collect(child.stderr, err);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => {
      running.delete(child);
      resolve({ code, stdout: out.join(''), stderr: err.join('') });
    });
  });
  const said = (pattern: RegExp) =>
    new Promise<string>(resolve => {
      const look = () => pattern.test(err.join('')) && resolve(err.join(''));
      look();
      child.stderr!.on('data', look);
    });
  return { child, ended, said, release: () => collect(child.stdout, out) };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
