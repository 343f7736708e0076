/** Turns oclif's own errors into UsageError. */
import { stripVTControlCharacters } from 'node:util';
import { UsageError } from '../config/error.ts';
import { nearest } from '../config/nearest.ts';

/** An error of oclif; its parser lists unknown flags in `flags`. */
interface OclifError extends Error {
  oclif?: { exit?: number };
  flags?: unknown;
}

/** The usage error behind an error of oclif; null for any other error. `command` is null if no command was found yet. */
export function usageErrorOf(
  error: OclifError & { code?: string },
  command: { name: string; flagNames: readonly string[] } | null,
): UsageError | null {
  if (error.oclif?.exit === undefined || error.code === 'EEXIT') return null;
  if (!command) return new UsageError(reasonIn(error.message), '"migrator --help" lists all commands.');
  const called = `migrator ${command.name}`;
  const help = `"${called} --help" shows its flags and examples.`;
  if (!Array.isArray(error.flags)) return new UsageError(reasonIn(error.message), help);

  const unknown = error.flags.map(flag => String(flag).replace(/=.*$/s, ''));
  const meant = unknown.flatMap(flag => nearest(flag.replace(/^-+/, ''), command.flagNames) ?? []);
  return new UsageError(
    `Unknown ${unknown.length === 1 ? 'flag' : 'flags'} for "${called}": ${unknown.join(', ')}.`,
    meant.length > 0 ? `Did you mean ${meant.map(flag => `--${flag}`).join(', ')}? ${help}` : help,
  );
}

/** The message without oclif's colours, frame and hint. */
function reasonIn(message: string): string {
  const text = stripVTControlCharacters(message)
    .replace(/\nSee more help with --help$/, '')
    .replace(
      /^Command (.*) not found\.$/,
      (_, id: string) => `"${id.replaceAll(':', ' ')}" is not a migrator command.`,
    )
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/Parsing (--\S+)\s*\n\s*/g, '$1: ')
    .replace(/(--[\w-]+)=true\b/g, '$1');
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean);
  const reason = lines.join('; ');
  return /[.?!]$/.test(reason) ? reason : `${reason}.`;
}
