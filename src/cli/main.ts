/** The whole command line: finds the command, runs it, and tells what went wrong outside of one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Interfaces } from '@oclif/core';
import { jsonOf } from '../run/text/visible.ts';
import { asLines, guardStandardStreams } from './ui/guarded-streams.ts';

type Failure = Error & { code?: string; remedy?: string; exitCode?: number; oclif?: { exit?: number } };

/**
 * Runs what `process.argv` says. `root` is the folder of the compiled code: the manifest of the commands lies with the
 * code that it describes, so that it is never older.
 */
export async function main(root: string, packageJson: Interfaces.PJSON): Promise<void> {
  guardStandardStreams();
  const args = process.argv.slice(2);
  try {
    if (asksForOverview(args) && (await showOverview(root, packageJson))) return;
    const { run } = await import('@oclif/core/run');
    await run(args, { root, pjson: packageJson });
  } catch (error) {
    await tell(error as Failure);
  }
}

function asksForOverview([only, ...more]: readonly string[]): boolean {
  return more.length === 0 && (only === undefined || ['--help', '-h', 'help'].includes(only));
}

/** Without oclif, whose loading would take more than half of the time. Gives false if the code has no manifest. */
async function showOverview(root: string, { description = '', oclif }: Interfaces.PJSON): Promise<boolean> {
  let manifest: { commands: Record<string, Command.Cached> };
  try {
    manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'));
  } catch {
    return false;
  }
  const { columnsOf, overview } = await import('./help/overview.ts');
  const commands = { bin: oclif.bin!, commands: Object.values(manifest.commands) };
  process.stdout.write(overview(commands, { description, columns: columnsOf(process.stdout) }));
  return true;
}

async function tell(error: Failure): Promise<void> {
  // `this.exit()` of a command
  if (error.code === 'EEXIT') process.exit(error.oclif?.exit ?? 0);
  const { usageErrorOf } = await import('./usage-error.ts');
  const failure = error.remedy === undefined ? usageErrorOf(error, null) : error;
  const {
    code = 'unexpected',
    message = `Something unexpected happened: ${error.message}`,
    remedy = 'If it happens again, install the program anew.',
    exitCode = 1,
  } = failure ?? {};
  process.exitCode = exitCode;
  if (process.argv.includes('--json')) {
    process.stdout.write(`${jsonOf({ error: { code, message, remedy } }, 2)}\n`);
  } else {
    process.stderr.write(asLines([`Error: ${message}`, remedy]));
  }
}
