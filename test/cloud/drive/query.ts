/**
 * The `q` parameter of files.list, https://developers.google.com/workspace/drive/api/guides/ref-search-terms.
 *
 *     query = term *(("and" | "or") term)          from left to right, neither binds tighter
 *     term  = "(" query ")" | field ("=" | "!=") value | 'value' "in" "parents"
 *
 * Strings are in single quotes; inside, only \' and \\ are escapes. Whatever else Drive knows is refused.
 */
import { invalidParameter } from './errors.ts';

export interface Searchable {
  name: string;
  mimeType: string;
  parents: readonly string[];
  trashed: boolean;
}

export interface Query {
  matches(item: Searchable): boolean;
  /** Every folder that the query names. */
  parents: ReadonlySet<string>;
}

type Test = (item: Searchable) => boolean;

const invalidQuery = () => invalidParameter('q');

/** Reads a query; `resolve` turns aliases (`root`) into ids. Throws Drive's 400 for anything else. */
export function parseQuery(text: string, resolve: (id: string) => string): Query {
  const tokens = text.match(/'(?:[^'\\]|\\['\\])*'|\w+|!=|[=()]|\S/g) ?? [];
  const parents = new Set<string>();
  let at = 0;

  const query = (): Test => {
    let left = term();
    for (let word = tokens[at]; word === 'and' || word === 'or'; word = tokens[at]) {
      at += 1;
      const [one, other] = [left, term()];
      left = word === 'and' ? item => one(item) && other(item) : item => one(item) || other(item);
    }
    return left;
  };
  const term = (): Test => {
    if (tokens[at] === '(') {
      at += 1;
      const inner = query();
      if (tokens[at++] !== ')') throw invalidQuery();
      return inner;
    }
    const [left = '', operator, right = ''] = tokens.slice(at, at + 3);
    at += 3;
    if (operator === 'in' && right === 'parents') {
      const id = resolve(quoted(left));
      parents.add(id);
      return item => item.parents.includes(id);
    }
    if (operator !== '=' && operator !== '!=') throw invalidQuery();
    const isSame = comparison(left, right);
    return item => isSame(item) === (operator === '=');
  };

  const matches = query();
  if (at < tokens.length) throw invalidQuery();
  return { matches, parents };
}

function comparison(field: string, value: string): Test {
  if (field === 'trashed' && /^(true|false)$/.test(value)) return item => String(item.trashed) === value;
  if (field !== 'name' && field !== 'mimeType') throw invalidQuery();
  const wanted = quoted(value);
  if (field === 'mimeType') return item => item.mimeType === wanted;
  // Drive's `=` ignores case; rclone compares again for that reason.
  return item => item.name.toLowerCase() === wanted.toLowerCase();
}

function quoted(token: string): string {
  if (!/^'.*'$/s.test(token)) throw invalidQuery();
  return token.slice(1, -1).replace(/\\(['\\])/g, '$1');
}
