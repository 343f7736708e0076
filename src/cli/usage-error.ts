/** Wrong usage, told like every other error: what is wrong, and what to do. */
import { stripVTControlCharacters } from 'node:util';
import { nearest } from '../config/nearest.ts';

export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
  readonly exitCode = 2;
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Nothing else is known of oclif's errors; those of its parser that name wrong flags have `flags`. */
interface OclifError extends Error {
  oclif?: { exit?: number };
  flags?: unknown;
}

/**
 * An error of oclif's own about flags and arguments; null for any other, also for `this.exit()`. `command` is null when
 * no command had been found yet.
 */
export function usageErrorOf(
  error: OclifError & { code?: string },
  command: { name: string; flagNames: readonly string[] } | null,
): UsageError | null {
  if (error.oclif?.exit === undefined || error.code === 'EEXIT') return null;
  const called = ['migrator', ...(command ? [command.name] : [])].join(' ');
  const help = `"${called} --help" tells how it is used.`;
  if (!Array.isArray(error.flags) || !command) return new UsageError(reasonIn(error.message), help);

  const unknown = error.flags.map(flag => String(flag).replace(/=.*$/s, ''));
  const meant = unknown.flatMap(flag => nearest(flag.replace(/^-+/, ''), command.flagNames) ?? []);
  return new UsageError(
    `"${called}" has no flag ${unknown.join(', ')}.`,
    meant.length > 0 ? `Did you mean ${meant.map(flag => `--${flag}`).join(', ')}? ${help}` : help,
  );
}

/** What is wrong, without oclif's colours, frame and hint. */
function reasonIn(message: string): string {
  const text = stripVTControlCharacters(message)
    .replace(/\nSee more help with --help$/, '')
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
