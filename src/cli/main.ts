/** The command line: runs the command, and reports errors that occur outside of one. */
import type { Interfaces } from '@oclif/core';
import { RunError } from '../../stages/errors.ts';
import { jsonOf, visibleLines } from '../run/text/visible.ts';
import { asLines } from './ui/guarded-streams.ts';

/** Runs what `process.argv` asks for. `root` is the folder of the compiled code, with the manifest of its commands. */
export async function main(root: string, packageJson: Interfaces.PJSON): Promise<void> {
  try {
    const { run } = await import('@oclif/core/run');
    await run(process.argv.slice(2), { root, pjson: packageJson });
  } catch (error) {
    await report(error as Error);
  }
}

async function report(error: Error & { code?: string; oclif?: { exit?: number } }): Promise<void> {
  // `this.exit()` of a command
  if (error.code === 'EEXIT') process.exit(error.oclif?.exit ?? 0);
  const { usageErrorOf } = await import('./usage-error.ts');
  const known = error instanceof RunError ? error : usageErrorOf(error, null);
  const { code, message, remedy, exitCode } = known ?? unexpectedError(error);
  process.exitCode = exitCode;
  if (process.argv.includes('--json')) {
    process.stdout.write(`${jsonOf({ error: { code, message, remedy } }, 2)}\n`);
  } else {
    process.stderr.write(visibleLines(asLines([`Error: ${message}`, remedy])));
  }
}

function unexpectedError({ message }: Error): RunError {
  const remedy = 'If it happens again, reinstall the program.';
  return new RunError('unexpected', `Unexpected error: ${message}`, remedy);
}
