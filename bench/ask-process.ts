/** A question to a process that was started with `fork`, and its answer. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../test/project-root.ts';

/** Starts a program of the benchmark; it ends when its channel to this process does. */
export function startBeside(program: string): ChildProcess {
  return fork(join(projectRoot(), 'dist', 'bench', `${program}.js`));
}

/**
 * The next message of the process after it got this one. One question at a time.
 * @throws Error when it ends instead
 */
export async function ask<T>(child: ChildProcess, question: object): Promise<T> {
  const control = new AbortController();
  const { signal } = control;
  const answer = once(child, 'message', { signal });
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`A process of the benchmark ended with ${code}.`);
  });
  child.send(question);
  try {
    const [message] = await Promise.race([answer, ended]);
    return message as T;
  } finally {
    control.abort();
  }
}
