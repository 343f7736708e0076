/** How a run keeps to the part of its folder that it was started with. */
import { PatternError, type Selection, type SelectionRules, selectionOf } from '../../stages/selection.ts';
import { ConfigError } from '../config/error.ts';
import { isSameJson } from './manifest/same-json.ts';

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
  return isSameJson(rules, EVERYTHING) ? null : rules;
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

/** What to do when a run remembers one selection (null: the whole folder) and the flags give another one, or none. */
export interface SelectionChoice {
  remembered: SelectionRules | null;
  isStarted: boolean;
  given: SelectionRules | null;
  rescan: boolean;
  /** Without flags the remembered selection is kept, also by a new listing. */
  keeps: boolean;
}

/** The rules for this command; null for the whole folder. Throws ConfigError (usage) if the run has others. */
export function chosenRules({
  remembered,
  isStarted,
  given,
  rescan,
  keeps,
}: SelectionChoice): SelectionRules | null {
  if (!isStarted) return given;
  if (rescan) return given ?? (keeps ? remembered : null);
  if (given && !isSameJson(given, remembered)) throw otherSelection(remembered);
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

/** As it would be typed. */
export function flagsOf({ recursive, include, exclude }: SelectionRules): string {
  return [
    ...(recursive ? [] : ['--no-recursive']),
    ...include.map(pattern => `--include '${pattern}'`),
    ...exclude.map(pattern => `--exclude '${pattern}'`),
  ].join(' ');
}

/** Throws ConfigError for rules from run.json that somebody has made unusable. */
export function selectionFrom(rules: SelectionRules | null): Selection | undefined {
  return rules && rulesFrom(rules) ? selectionOf(rules) : undefined;
}
