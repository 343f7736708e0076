/** How a run keeps to the part of its folder that it was started with. */
import { isDeepStrictEqual } from 'node:util';
import {
  PatternError,
  type Selection,
  type SelectionRules,
  selectionOf,
  WHOLE_FOLDER,
} from '../../stages/selection.ts';
import { ConfigError } from '../config/error.ts';
import type { Run } from './manifest/run.ts';

export interface SelectionFlags {
  recursive?: boolean;
  include?: string[];
  exclude?: string[];
}

const EVERYTHING: SelectionRules = { recursive: true, include: [], exclude: [] };

/** What the flags ask for; null if they say nothing. Throws ConfigError (usage) for a pattern that is none. */
export function rulesFrom({
  recursive = true,
  include = [],
  exclude = [],
}: SelectionFlags): SelectionRules | null {
  for (const [flag, patterns] of Object.entries({ include, exclude })) {
    for (const pattern of patterns) check(flag, pattern);
  }
  const rules = { recursive, include, exclude };
  return isDeepStrictEqual(rules, EVERYTHING) ? null : rules;
}

function check(flag: string, pattern: string): void {
  try {
    selectionOf({ ...EVERYTHING, include: [pattern] });
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new ConfigError(
      'bad_pattern',
      `--${flag} ${JSON.stringify(pattern)} is not a pattern: ${error.message}.`,
      "Quote it for the shell, like --include '*.jpg'. A backslash makes the next character literal.",
      { exitCode: 2 },
    );
  }
}

/**
 * The rules for this command; null for the whole folder. A run keeps its selection: another one needs a new listing, which
 * without flags drops the selection unless it `keeps` it. Throws ConfigError (usage).
 */
export function chosenRules(
  run: Run | null,
  flags: SelectionFlags,
  { rescan = false, keeps = false }: { rescan?: boolean; keeps?: boolean } = {},
): SelectionRules | null {
  const given = rulesFrom(flags);
  if (!run?.has('list')) return given;
  const { selection: remembered } = run.facts;
  if (rescan) return given ?? (keeps ? remembered : null);
  if (given && !isDeepStrictEqual(given, remembered)) throw otherSelection(remembered);
  return remembered;
}

function otherSelection(remembered: SelectionRules | null): ConfigError {
  return new ConfigError(
    'other_selection',
    `This run was started with ${remembered ? flagsOf(remembered) : 'the whole folder'}, not with the selection given now.`,
    'Leave out --include, --exclude and --no-recursive to continue with the same files. To change the selection, run "migrator migrate" or "migrator scan" with the new one and --rescan.',
    { exitCode: 2 },
  );
}

/** The flags of a selection, as a user would type them. */
export function flagsOf({ recursive, include, exclude }: SelectionRules): string {
  return [
    ...(recursive ? [] : ['--no-recursive']),
    ...include.map(pattern => `--include '${pattern}'`),
    ...exclude.map(pattern => `--exclude '${pattern}'`),
  ].join(' ');
}

/** Throws ConfigError for rules from run.json that somebody has made unusable. */
export function selectionFrom(rules: SelectionRules | null): Selection {
  return rules && rulesFrom(rules) ? selectionOf(rules) : WHOLE_FOLDER;
}
