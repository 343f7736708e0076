import { RunError } from '../../../stages/errors.ts';
import { type FileRecord, STATUSES } from '../../../stages/record.ts';
import { isPlainObject, JsonError, parseJson } from '../../config/json.ts';
import { jsonOf } from '../text/visible.ts';

/** A line that is not a record. `line` and `column` count from 1. */
export class BadLine extends RunError {
  override readonly name = 'BadLine';

  constructor(source: string, line: number, column: number, reason: string) {
    super(
      'bad_line',
      `${source}, line ${line}, column ${column}: ${reason}.`,
      'Correct the line. The commands of single stages ("migrator parse" and so on) can set such lines aside with --skip-bad-lines, and work on the rest.',
    );
  }
}

/** How a record is written: its JSON, the id first, on one line. */
export function lineOf(record: FileRecord): string {
  return `${jsonOf(record)}\n`;
}

/** The record on a line; a line without `status` is `pending` (people write such lines by hand). Throws {@link BadLine}. */
export function parseRecord(text: string, source: string, line: number): FileRecord {
  const value = parsed(text, source, line);
  const problem = problemOf(value);
  if (problem) throw new BadLine(source, line, 1, problem);
  return withStatus(value as FileRecord);
}

/** The same for a line that has been read as a record before: its fields are not looked at again. */
export function parseKnownRecord(text: string, source: string): FileRecord {
  return withStatus(parsed(text, source, 0) as FileRecord);
}

function withStatus(record: FileRecord): FileRecord {
  return record.status === undefined ? { ...record, status: 'pending' } : record;
}

function parsed(text: string, source: string, line: number): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw new BadLine(source, line, 1, 'it is not JSON');
    const [, reason = error.message] = /: (.*)$/s.exec(error.message) ?? [];
    throw new BadLine(
      source,
      line,
      error.column,
      reason.replace('the end of the file', 'the end of the line'),
    );
  }
}

type Check = (value: unknown) => boolean;

const isText: Check = value => typeof value === 'string';
const isCount: Check = value => Number.isInteger(value) && (value as number) >= 0;

function orNull(check: Check): Check {
  return value => value === null || check(value);
}

function listOf(check: Check): Check {
  return value => Array.isArray(value) && value.every(check);
}

function objectWith(fields: Record<string, Check>): Check {
  const checks = Object.entries(fields);
  return value => isPlainObject(value) && checks.every(([name, check]) => check(value[name]));
}

/** What a field must be, and how that is said. */
type Rule = readonly [check: Check, accepted: string];

const TEXT: Rule = [isText, 'text'];
const YES_OR_NO: Rule = [value => typeof value === 'boolean', 'true or false'];
const IDS: Rule = [listOf(isCount), 'a list of whole numbers'];
const LINKS: Rule = [
  listOf(objectWith({ id: isText, observationId: isText })),
  'a list of {"id": text, "observationId": text}',
];
const MD5: Check = value => typeof value === 'string' && /^[0-9a-f]{32}$/i.test(value);
const oneOf = (values: readonly unknown[], accepted: string): Rule => [
  value => values.includes(value),
  accepted,
];

/** What the fields that stages rely on must be if they exist; other fields are annotations. */
const FIELDS: Readonly<Record<string, Rule>> = {
  path: TEXT,
  size: [orNull(isCount), 'a number of bytes or null'],
  mimeType: TEXT,
  md5: [orNull(MD5), '32 hexadecimal digits or null'],
  modifiedTime: TEXT,
  pattern: TEXT,
  sequentialIds: IDS,
  prefix: TEXT,
  type: oneOf(['IMAGE', 'VIDEO'], '"IMAGE" or "VIDEO"'),
  contentType: TEXT,
  observations: [
    listOf(objectWith({ id: isText, sequentialId: isCount })),
    'a list of {"sequentialId": number, "id": text}',
  ],
  missing: IDS,
  key: TEXT,
  url: TEXT,
  bytes: [isCount, 'a number of bytes'],
  etag: TEXT,
  verified: oneOf(['md5', 'size', 'downloaded'], '"md5", "size" or "downloaded"'),
  storedAt: TEXT,
  adopted: YES_OR_NO,
  linking: YES_OR_NO,
  removing: LINKS,
  media: LINKS,
  status: oneOf(STATUSES, `one of ${STATUSES.join(', ')}`),
  error: [
    objectWith({ stage: isText, code: isText, message: isText }),
    'an object with stage, code and message',
  ],
};

const RULES = Object.entries(FIELDS);

/** Deeper values could overflow the stack when records are compared or written. */
const MAX_DEPTH = 100;

function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some(inner => isDeeperThan(depth - 1, inner));
}

/** Null for a record; otherwise what is wrong, what was found and what is accepted. */
function problemOf(value: unknown): string | null {
  if (!isPlainObject(value)) return 'a record is a JSON object';
  if (isDeeperThan(MAX_DEPTH, value)) return `it is nested more than ${MAX_DEPTH} deep`;
  if (!isText(value.id) || value.id === '') return '"id" (the Drive file id) is missing or not text';
  if (!isText(value.name)) return '"name" is missing or not text';
  for (const [field, [check, accepted]] of RULES) {
    const found = value[field];
    if (found !== undefined && !check(found)) return `"${field}" is ${shown(found)}, accepted is ${accepted}`;
  }
  return null;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
