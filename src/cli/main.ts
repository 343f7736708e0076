/** The command line: runs the command, and reports errors that occur outside of one. */
import type { Interfaces } from '@oclif/core';
import { jsonOf, visibleLines } from '../run/text/visible.ts';
import { asLines } from './ui/guarded-streams.ts';

type Failure = Error & { code?: string; remedy?: string; exitCode?: number; oclif?: { exit?: number } };

/** Runs what `process.argv` asks for. `root` is the folder of the compiled code, with the manifest of its commands. */
export async function main(root: string, packageJson: Interfaces.PJSON): Promise<void> {
  try {
    const { run } = await import('@oclif/core/run');
    await run(process.argv.slice(2), { root, pjson: packageJson });
  } catch (error) {
    await report(error as Failure);
  }
}

async function report(error: Failure): Promise<void> {
  // `this.exit()` of a command
  if (error.code === 'EEXIT') process.exit(error.oclif?.exit ?? 0);
  const { usageErrorOf } = await import('./usage-error.ts');
  const failure = error.remedy === undefined ? usageErrorOf(error, null) : error;
  const {
    code = 'unexpected',
    message = `Unexpected error: ${error.message}`,
    remedy = 'If it happens again, reinstall the program.',
    exitCode = 1,
  } = failure ?? {};
  process.exitCode = exitCode;
  if (process.argv.includes('--json')) {
    process.stdout.write(`${jsonOf({ error: { code, message, remedy } }, 2)}\n`);
  } else {
    process.stderr.write(visibleLines(asLines([`Error: ${message}`, remedy])));
  }
}
