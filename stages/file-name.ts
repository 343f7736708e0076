/**
 * What a file's name says: which sequential ids it shows, and of which type it is.
 *
 * `strict` knows three forms: digits; digits and one lower-case letter; two numbers joined by a hyphen. `relaxed` adds
 * what real folders contain: copy marks, invisible format characters, longer labels in any script, lists with `,` and `+`.
 * What could mean two things is never guessed but left to a person.
 */
import type { MediaType, NamePattern } from './record.ts';

export type Naming = 'strict' | 'relaxed';

export interface NameRules {
  naming: Naming;
  /** The widest range (and longest list) that is accepted, in ids. */
  maxRange: number;
  /** With prefix rules on, one leading letter is part of the name's meaning; see `prefix_disambiguation`. */
  prefixes: boolean;
}

export interface NameReading {
  pattern: NamePattern;
  /** The ids in the order of the name, each once. */
  sequentialIds: number[];
  type: MediaType;
  contentType: string;
  prefix?: string;
}

interface NameProblem {
  code: string;
  /** Why the name cannot be read, and what to do; for a message that starts with the file's name and a colon. */
  message: string;
}

interface FileType {
  type: MediaType;
  contentType: string;
}

const STRICT_TYPES: Readonly<Record<string, FileType>> = {
  jpg: { type: 'IMAGE', contentType: 'image/jpeg' },
  jpeg: { type: 'IMAGE', contentType: 'image/jpeg' },
  png: { type: 'IMAGE', contentType: 'image/png' },
  gif: { type: 'IMAGE', contentType: 'image/gif' },
  mp4: { type: 'VIDEO', contentType: 'video/mp4' },
  mov: { type: 'VIDEO', contentType: 'video/quicktime' },
  avi: { type: 'VIDEO', contentType: 'video/x-msvideo' },
};

const RELAXED_TYPES: Readonly<Record<string, FileType>> = {
  ...STRICT_TYPES,
  jfif: { type: 'IMAGE', contentType: 'image/jpeg' },
  wmv: { type: 'VIDEO', contentType: 'video/x-ms-wmv' },
};

/** GraphQL's Int is signed and has 32 bits (GraphQL specification, 3.5.1). */
export const MAX_SEQUENTIAL_ID = 2_147_483_647;

/** Reads a file name. A reading has at least one sequential id; a problem says why there is none. */
export function readName(name: string, rules: NameRules): NameReading | { problem: NameProblem } {
  const unsafe = unsafeIn(name);
  if (unsafe) return problem('unsafe_name', `the name contains ${unsafe}. Rename the file in Drive.`);

  const relaxed = rules.naming === 'relaxed';
  const visible = relaxed ? name.replace(/\p{Cf}/gu, '') : name;
  const dot = visible.lastIndexOf('.');
  if (dot < 0) return problem('no_extension', 'the name has no extension. Rename the file in Drive.');

  const extension = visible.slice(dot + 1).toLowerCase();
  const known = relaxed ? RELAXED_TYPES : STRICT_TYPES;
  if (!Object.hasOwn(known, extension)) {
    return problem(
      'unsupported_extension',
      `.${extension} is not among the supported types (${Object.keys(known).join(', ')}). Convert or rename the file, or leave it out.`,
    );
  }

  let stem = visible.slice(0, dot);
  let prefix = '';
  if (rules.prefixes) {
    prefix = prefixOf(stem);
    stem = stem.slice(prefix.length);
  }

  const reading = relaxed ? readRelaxed(stem) : readStrict(stem);
  if (!reading) return unreadable(rules.naming);
  const ids = idsOf(reading, rules.maxRange);
  if ('problem' in ids) return ids;
  return {
    pattern: reading.pattern,
    sequentialIds: ids.sequentialIds,
    ...(rules.prefixes && { prefix }),
    ...(known[extension] as FileType),
  };
}

/** The one letter before the digits; '' if there is none. */
export function prefixOf(name: string): string {
  return /^\p{L}(?=\d)/u.exec(name)?.[0] ?? '';
}

/**
 * Type and content type of a file whatever its name says otherwise: by its extension, else by the MIME type that Drive
 * gives; null if neither is a photo or a video.
 */
export function fileTypeOf(name: string, mimeType = ''): FileType | null {
  const extension = /\.([^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (Object.hasOwn(RELAXED_TYPES, extension)) return RELAXED_TYPES[extension]!;
  if (mimeType.startsWith('image/')) return { type: 'IMAGE', contentType: mimeType };
  return mimeType.startsWith('video/') ? { type: 'VIDEO', contentType: mimeType } : null;
}

/** Digits as the name has them; `from` and `to` are the same unless it is a range. */
type Reading =
  | { pattern: 'range'; from: string; to: string }
  | { pattern: Exclude<NamePattern, 'range'>; digits: string[] };

function readStrict(stem: string): Reading | null {
  const range = /^(\d+)-(\d+)$/.exec(stem);
  if (range) return { pattern: 'range', from: range[1]!, to: range[2]! };
  const one = /^(\d+)([a-z]?)$/.exec(stem);
  return one && { pattern: one[2] ? 'multiple' : 'single', digits: [one[1]!] };
}

/**
 * The text without ` (1)`, `(1)`, ` - Copy`, ` - Copy (2)` at its end: what Windows, macOS and browsers add to a second
 * copy. By hand: one expression for this takes quadratic time on a name of many spaces.
 */
function withoutCopyMarks(text: string): string {
  let left = text;
  while (true) {
    const open = left.endsWith(')') ? left.lastIndexOf('(') : -1;
    const dash = /copy$/i.test(left.slice(-4)) ? left.slice(0, -4).trimEnd() : left;
    if (open >= 0 && /^\d+$/.test(left.slice(open + 1, -1))) left = left.slice(0, open).trimEnd();
    else if (dash.length < left.length - 4 && /\s-$/.test(dash.slice(-2))) left = dash.slice(0, -1).trimEnd();
    else return left;
  }
}

/** Set straight behind the number: letters only. */
const ATTACHED_LABEL = String.raw`\p{L}[\p{L}\p{M}]*`;
/** Set off by a space or a hyphen: anything but dots and hyphens; what it must not be is checked by isLabel. */
const SET_OFF_LABEL = String.raw`[^.\-\s][^.\-]*`;

const LABELLED_RANGE = new RegExp(`^(\\d+)-(\\d+)(?:${ATTACHED_LABEL}|(?:-|\\s+)(${SET_OFF_LABEL}))?$`, 'u');
const LABELLED_ONE = new RegExp(`^(\\d+)(?:(${ATTACHED_LABEL})|(?:-|\\s+)(${SET_OFF_LABEL}))?$`, 'u');

function readRelaxed(stem: string): Reading | null {
  const bare = withoutCopyMarks(stem.trim());
  const parts = bare.split(/[,+]/u);
  if (parts.length > 1) {
    const ones = parts.map(part => readLabelledOne(part.trim()));
    return ones.every(one => one !== null) ? { pattern: 'list', digits: ones.map(one => one.digits) } : null;
  }
  const range = LABELLED_RANGE.exec(bare);
  if (range) return isLabel(range[3]) ? { pattern: 'range', from: range[1]!, to: range[2]! } : null;
  const one = readLabelledOne(bare);
  return one && { pattern: one.labelled ? 'multiple' : 'single', digits: [one.digits] };
}

function readLabelledOne(text: string): { digits: string; labelled: boolean } | null {
  const one = LABELLED_ONE.exec(text);
  if (!one || !isLabel(one[3])) return null;
  return { digits: one[1]!, labelled: Boolean(one[2] ?? one[3]) };
}

/**
 * Nothing in a label set off from the number looks like one more id: `6602 and 6603` is not observation 6602 with the
 * label `and 6603`. Digits of any script count as digits here.
 */
function isLabel(label: string | undefined): boolean {
  if (label === undefined) return true;
  return !/(?<![\p{L}\p{M}\p{Nd}])(?:\p{Nd}+(?![\p{L}\p{M}\p{Nd}])|\p{Nd}{3})/u.test(label);
}

function idsOf(reading: Reading, maxRange: number): { sequentialIds: number[] } | { problem: NameProblem } {
  const digits = reading.pattern === 'range' ? [reading.from, reading.to] : reading.digits;
  const numbers = digits.map(Number);
  const tooLarge = numbers.findIndex(number => number > MAX_SEQUENTIAL_ID);
  if (tooLarge >= 0) {
    return problem(
      'id_too_large',
      `${digits[tooLarge]} is larger than any sequential id can be (${MAX_SEQUENTIAL_ID}). Rename the file in Drive.`,
    );
  }
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  if (reading.pattern === 'range' && last < first) {
    return problem('range_backwards', `the range ${first}-${last} runs backwards. Rename the file in Drive.`);
  }
  const count = reading.pattern === 'range' ? last - first + 1 : numbers.length;
  if (count > maxRange) {
    return problem(
      'range_too_wide',
      `it names ${count} observations, and migration.max_range allows ${maxRange}. Rename the file in Drive, or raise migration.max_range.`,
    );
  }
  const ids =
    reading.pattern === 'range' ? Array.from({ length: count }, (_, index) => first + index) : numbers;
  return { sequentialIds: [...new Set(ids)] };
}

/** `/` would make unwanted folders in S3; control characters break URLs, logs and spreadsheets. */
export function unsafeIn(name: string): string | null {
  if (name.includes('/')) return 'a slash';
  if (/\p{Cc}/u.test(name)) return 'a control character';
  return /\p{Cs}/u.test(name) ? 'half of a surrogate pair' : null;
}

function unreadable(naming: Naming): { problem: NameProblem } {
  const forms = '6602.jpg, 6602a.jpg or 6000-6001.jpg';
  const how = naming === 'strict' ? ', or see how "--naming relaxed" reads it ("migrator review")' : '';
  return problem(
    'name_unreadable',
    `the name does not say which observation it shows. Rename it in Drive like ${forms}${how}.`,
  );
}

function problem(code: string, message: string): { problem: NameProblem } {
  return { problem: { code, message } };
}
