import { readFile } from 'node:fs/promises';

/** A text is not JSON. Never quotes the text: it may be a file with secrets. */
export class JsonError extends Error {
  override readonly name: string = 'JsonError';
}

/** Windows PowerShell 5 writes UTF-16 with `>` and `Out-File`. */
export class EncodingError extends JsonError {
  override readonly name = 'EncodingError';

  constructor() {
    super(
      'it is encoded in UTF-16, not in UTF-8. Save it as UTF-8 (in PowerShell: Get-Content FILE | Set-Content -Encoding utf8 NEW_FILE)',
    );
  }
}

/** Where and why a text is not JSON. */
export class JsonSyntaxError extends JsonError {
  override readonly name = 'JsonSyntaxError';
  /** Both count from 1; the column in UTF-16 units. */
  readonly line: number;
  readonly column: number;

  constructor(text: string, offset: number, expected: string) {
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - (before.lastIndexOf('\n') + 1) + 1;
    const found = offset >= text.length ? 'the end of the file' : JSON.stringify(text[offset]);
    super(`line ${line}, column ${column}: expected ${expected}, found ${found}`);
    this.line = line;
    this.column = column;
  }
}

/** Reads a JSON file (UTF-8, with or without BOM). Throws what the file system throws, or {@link JsonError}. */
export async function readJson(path: string): Promise<unknown> {
  const bytes = await readFile(path);
  if (isUtf16(bytes)) throw new EncodingError();
  return parseJson(bytes.toString('utf8'));
}

/** With a byte order mark, or every other byte zero, as no JSON text in UTF-8 has them. */
export function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return hasMark || (bytes.length > 1 && (first === 0) !== (second === 0));
}

/** Like JSON.parse, but a failure is a {@link JsonSyntaxError}; a BOM is skipped. */
export function parseJson(source: string): unknown {
  const text = source.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 tells the position only in some messages, and quotes the text in others.
    const fault = findFault(text);
    if (fault) throw new JsonSyntaxError(text, fault.offset, fault.expected);
    throw error;
  }
}

interface Fault {
  offset: number;
  expected: string;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

function findFault(text: string): Fault | null {
  let at = 0;
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const fail = (expected: string): never => {
    throw { offset: at, expected } satisfies Fault;
  };
  const take = (char: string): boolean => {
    match(SPACE);
    if (text[at] !== char) return false;
    at++;
    return true;
  };
  const string = (what: string): void => {
    match(SPACE);
    if (!match(STRING)) fail(text[at] === '"' ? 'text that ends with a double quote on the same line' : what);
  };
  const value = (): void => {
    if (take('{')) members('}', 'a property name in double quotes', property);
    else if (take('[')) members(']', 'a value', value);
    else if (text[at] === '"') string('a value');
    else if (!match(SCALAR)) fail('a value');
  };
  const property = (): void => {
    string('a property name in double quotes');
    if (!take(':')) fail('":"');
    value();
  };
  const members = (close: string, what: string, member: () => void): void => {
    if (take(close)) return;
    do {
      match(SPACE);
      if (text[at] === close) fail(`${what} after the comma`);
      member();
    } while (take(','));
    if (!take(close)) fail(`"," or "${close}"`);
  };
  try {
    value();
    match(SPACE);
    return at < text.length ? { offset: at, expected: 'the end of the file' } : null;
  } catch (fault) {
    if (fault instanceof Error) throw fault;
    return fault as Fault;
  }
}
