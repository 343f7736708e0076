/** A message to a process that was started with `fork`, and its reply. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../test/project-root.ts';

/** Starts a program of the benchmark, which ends with this process. */
export function startBeside(program: string): ChildProcess {
  return fork(join(projectRoot(), 'dist', 'bench', `${program}.js`));
}

/**
 * Sends a message and returns the next one of the process. One message at a time. Throws if the process ends instead.
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
