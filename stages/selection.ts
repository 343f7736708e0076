/**
 * The part of a Drive folder that a run covers: glob patterns for paths below the folder. docs/operations.md, "A part of a
 * folder", explains the patterns.
 */
import picomatch from 'picomatch';
import { type FileRecord, isFolder } from './record.ts';

/** A selection as the user gives it, and as run.json has it. */
export interface SelectionRules {
  recursive: boolean;
  include: string[];
  exclude: string[];
}

export interface Selection {
  /** Whether to read the folder with this path. */
  reads(folderPath: string): boolean;
  /** Whether the file is part of the run; for a folder that could not be read, whether it may contain parts of it. */
  takes(file: Selectable): boolean;
}

type Selectable = Pick<FileRecord, 'path' | 'name' | 'mimeType' | 'parent'>;

export const WHOLE_FOLDER: Selection = { reads: () => true, takes: () => true };

/** An invalid glob pattern; `message` says why. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Throws {@link PatternError}. */
export function selectionOf({ recursive, include, exclude }: SelectionRules): Selection {
  const included = include.map(matcherOf);
  const excluded = exclude.map(matcherOf);
  const matchesFolder = (matchers: Matcher[], path: string) =>
    foldersOf(path).some(folder => matchers.some(matches => matches(folder, true)));
  const matchesFile = (matchers: Matcher[], file: Selectable) =>
    matchers.some(matches => matches(pathOf(file), false)) || matchesFolder(matchers, file.path ?? '');
  const reads = (path: string) => path === '' || (recursive && !matchesFolder(excluded, path));
  const takesFile = (file: Selectable) =>
    (recursive || !file.path) &&
    !matchesFile(excluded, file) &&
    (included.length === 0 || matchesFile(included, file));
  // The migrated folder itself has no parents here.
  const pathOfFolder = (folder: Selectable) => (folder.parent ? pathOf(folder) : '');
  return { reads, takes: file => (isFolder(file) ? reads(pathOfFolder(file)) : takesFile(file)) };
}

function pathOf({ path, name }: Selectable): string {
  return path ? `${path}/${name}` : name;
}

type Matcher = (path: string, isFolder: boolean) => boolean;

/** The folders of a path: `a`, `a/b`, `a/b/c` for `a/b/c`. */
export function foldersOf(path: string): string[] {
  if (path === '') return [];
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** Most numbers that a range like `{6000..6999}` may expand to. */
const LONGEST_RANGE = 100_000;

/** Wildcards in a pattern. */
const WILDCARD = /(?<!\\)[*?[{]/;

/**
 * `*`, `?`, `[abc]`, `[!abc]`, `{a,b}`, `{1..9}` and `**`. Parentheses and everything else stand for themselves: copies
 * are named like `6602 (1).jpg`. A pattern is about files; it is about folders, with all that is in them, if it ends in `/` or
 * `/**`, or has no wildcard.
 */
function matcherOf(pattern: string): Matcher {
  const forFoldersOnly = pattern.endsWith('/');
  const text = pattern.normalize().replace(/^\.\//, '').replace(/\/+$/, '');
  const matchesFolders = forFoldersOnly || /(^|\/)\*\*$/.test(text) || !WILDCARD.test(text);
  const hasPath = text.includes('/');
  const glob = text
    .replace(/^\//, '')
    .replace(/\\.|[()]/gs, found => (found.length === 1 ? `\\${found}` : found))
    .replaceAll('[!', '[^');
  if (glob === '') throw new PatternError('it is empty');
  let matches: (text: string) => boolean;
  try {
    matches = picomatch(glob, {
      dot: true,
      nocase: true,
      // Names may contain line breaks.
      flags: 'is',
      nonegate: true,
      noextglob: true,
      regex: false,
      windows: false,
      keepQuotes: true,
      strictBrackets: true,
      // Throws instead of matching nothing.
      debug: true,
      expandRange: numbersOf,
    } as picomatch.PicomatchOptions);
  } catch (error) {
    throw new PatternError((error as Error).message.replace(/^Invalid regular expression: .*: /s, ''));
  }
  return (path, isFolder) => {
    if (isFolder ? !matchesFolders : forFoldersOnly) return false;
    const name = path.normalize();
    return matches(hasPath ? name : name.slice(name.lastIndexOf('/') + 1));
  };
}

/** `6000`, `6002` → `(?:6000|6001|6002)`. */
function numbersOf(...range: unknown[]): string {
  const [first, last] = range.slice(0, 2).map(Number) as [number, number];
  const count = Math.abs(last - first) + 1;
  if (!Number.isSafeInteger(count))
    throw new PatternError('a range needs two whole numbers, like {6000..6999}');
  if (count > LONGEST_RANGE) throw new PatternError(`a range has at most ${LONGEST_RANGE} numbers`);
  return `(?:${Array.from({ length: count }, (_, index) => Math.min(first, last) + index).join('|')})`;
}
