/**
 * The `q` parameter of files.list, https://developers.google.com/workspace/drive/api/guides/ref-search-terms.
 *
 *     query = term *(("and" | "or") term)          from left to right, neither binds tighter
 *     term  = "not" term | "(" query ")" | comparison
 *     comparison = field operator value | 'value' "in" collection
 *
 * Strings stand in single quotes; inside, only \' and \\ are escapes.
 */
import { DriveError, invalidParameter } from './errors.ts';

/** What a query can ask about an item. */
export interface Searchable {
  name: string;
  mimeType: string;
  parents: readonly string[];
  trashed: boolean;
  sharedWithMe: boolean;
}

export interface Query {
  matches(item: Searchable): boolean;
  /** Whatever matches lies in one of these folders; null if the query does not say. */
  within: ReadonlySet<string> | null;
  /** Every folder that the query names. */
  parents: ReadonlySet<string>;
}

type Term = Pick<Query, 'matches' | 'within'>;
type Value = { text: string } | { word: string };

/**
 * Reads a query; `resolve` turns aliases (`root`) into ids. Throws Drive's 400 for anything malformed, and a 501 for
 * search terms that the local cloud does not know.
 */
export function parseQuery(text: string, resolve: (id: string) => string = id => id): Query {
  const tokens = tokenize(text);
  const parents = new Set<string>();
  let at = 0;

  const query = (): Term => {
    let left = term();
    for (;;) {
      const word = wordAt(at);
      if (word !== 'and' && word !== 'or') return left;
      at++;
      left = word === 'and' ? both(left, term()) : either(left, term());
    }
  };
  const term = (): Term => {
    const word = wordAt(at);
    if (word === 'not') {
      at++;
      const inner = term();
      return { matches: item => !inner.matches(item), within: null };
    }
    if (word === '(') {
      at++;
      const inner = query();
      if (wordAt(at++) !== ')') throw invalidQuery();
      return inner;
    }
    const [left, operator, right] = [tokens[at++], tokens[at++], tokens[at++]];
    if (!left || !operator || !right || !('word' in operator)) throw invalidQuery();
    if ('word' in left) return { matches: compare(left.word, operator.word, right), within: null };
    if (operator.word !== 'in' || !('word' in right)) throw invalidQuery();
    if (right.word !== 'parents') throw notOffered(right.word);
    const id = resolve(left.text);
    parents.add(id);
    return { matches: item => item.parents.includes(id), within: new Set([id]) };
  };
  const wordAt = (index: number): string | undefined => {
    const token = tokens[index];
    return token && 'word' in token ? token.word : undefined;
  };

  const whole = query();
  if (at < tokens.length) throw invalidQuery();
  return { ...whole, parents };
}

function tokenize(text: string): Value[] {
  const tokens: Value[] = [];
  const pattern = /\s*(?:'((?:[^'\\]|\\['\\])*)'|([\w.]+|<=|>=|!=|[=<>()]))/y;
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text);
    if (!match) throw invalidQuery();
    const [, quoted, word] = match;
    tokens.push(word ? { word } : { text: quoted!.replace(/\\(['\\])/g, '$1') });
  }
  return tokens;
}

function compare(field: string, operator: string, value: Value): (item: Searchable) => boolean {
  switch (field) {
    case 'name': {
      if (operator === 'contains') throw notOffered('name contains');
      // Drive's `=` ignores case; rclone compares again for that reason.
      const wanted = textOf(value).toLowerCase();
      return equality(operator, item => item.name.toLowerCase() === wanted);
    }
    case 'mimeType': {
      const wanted = textOf(value);
      if (operator === 'contains') return item => item.mimeType.startsWith(wanted);
      return equality(operator, item => item.mimeType === wanted);
    }
    case 'trashed':
    case 'sharedWithMe': {
      const wanted = booleanOf(value);
      return equality(operator, item => item[field] === wanted);
    }
    default:
      throw notOffered(field);
  }
}

function equality(operator: string, same: (item: Searchable) => boolean): (item: Searchable) => boolean {
  if (operator === '=') return same;
  if (operator === '!=') return item => !same(item);
  throw invalidQuery();
}

const both = (one: Term, other: Term): Term => ({
  matches: item => one.matches(item) && other.matches(item),
  within: one.within ?? other.within,
});

const either = (one: Term, other: Term): Term => ({
  matches: item => one.matches(item) || other.matches(item),
  within: one.within && other.within ? new Set([...one.within, ...other.within]) : null,
});

function textOf(value: Value): string {
  if ('text' in value) return value.text;
  throw invalidQuery();
}

function booleanOf(value: Value): boolean {
  if ('word' in value && (value.word === 'true' || value.word === 'false')) return value.word === 'true';
  throw invalidQuery();
}

const invalidQuery = () => invalidParameter('q');

const notOffered = (term: string) =>
  new DriveError(501, 'notImplemented', `The local Drive does not offer the search term ${term}.`);
