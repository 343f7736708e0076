import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ParseError } from 'jsonc-parser';

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Empty for what is no list. */
export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text is not JSON. The message never quotes more than a character: the file may contain secrets. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  /** Where it goes wrong: both count from 1, the column in UTF-16 units. */
  readonly line: number;
  readonly column: number;

  constructor(message: string, line = 1, column = 1) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/**
 * Reads a JSON file (UTF-8, with or without BOM). Throws file system errors and {@link JsonError}. A pipe is read only below
 * /dev, where a shell puts it for `<(…)`: reading any other could wait forever.
 */
export async function readJson(path: string): Promise<unknown> {
  const found = await stat(path);
  const isGiven = found.isFIFO() && path.startsWith('/dev/');
  if (!found.isFile() && !found.isDirectory() && !isGiven) throw new JsonError('it is not a regular file');
  const bytes = await readFile(path);
  if (!isUtf16(bytes)) return parseJson(bytes.toString('utf8'));
  throw new JsonError(
    'it is encoded in UTF-16, not in UTF-8. Save it as UTF-8 (in PowerShell: Get-Content FILE | Set-Content -Encoding utf8 NEW_FILE)',
  );
}

/** Windows PowerShell 5 writes it with `>`: a byte order mark, or every other byte zero as in no JSON in UTF-8. */
export function isUtf16([first, second]: Uint8Array): boolean {
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return hasMark || (second !== undefined && (first === 0) !== (second === 0));
}

/** JSON.parse that skips a BOM and throws {@link JsonError}. */
export function parseJson(source: string): unknown {
  const text = source.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse names the position only in some messages, and quotes the text in others.
    throw errorIn(text);
  }
}

/** What was expected, by the names that jsonc-parser has for errors. */
const EXPECTED: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a value or a name in double quotes',
  ValueExpected: 'a value',
  PropertyNameExpected: 'a name in double quotes',
  ColonExpected: '":"',
  CommaExpected: '","',
  CloseBraceExpected: '"," or "}"',
  CloseBracketExpected: '"," or "]"',
  EndOfFileExpected: 'the end of the file',
  UnexpectedEndOfString: 'text that ends with a double quote on the same line',
};

function errorIn(text: string): JsonError {
  // Loaded only when it is needed: it would slow down the start of every command.
  const { parse, printParseErrorCode }: typeof import('jsonc-parser') = createRequire(import.meta.url)(
    'jsonc-parser',
  );
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const { error = null, offset = 0 } = errors[0] ?? {};
  const expected = (error && EXPECTED[printParseErrorCode(error)]) ?? 'valid JSON';
  const found = offset >= text.length ? 'the end of the file' : JSON.stringify(text[offset]);
  const before = text.slice(0, offset).split('\n');
  const [line, column] = [before.length, before.at(-1)!.length + 1];
  return new JsonError(`line ${line}, column ${column}: expected ${expected}, found ${found}`, line, column);
}
