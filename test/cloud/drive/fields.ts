/**
 * Query parameters of the Drive API, read as strictly as Google's servers read them, above all partial responses: the `fields` mask, https://developers.google.com/workspace/drive/api/guides/fields-parameter.
 *
 *     mask  = item *("," item)
 *     item  = name *("/" name) [ "(" mask ")" ]      name = letters, digits, "_" or "*"
 */
import { invalidParameter } from './errors.ts';

/** Selected names; null below a name means everything below it. `*` stands for every name. */
export type Mask = Map<string, Mask | null>;

/** Reads a mask. Throws the 400 that Drive answers to a malformed one. */
export function parseMask(text: string): Mask {
  const tokens = text.match(/[\w*]+|[(),/]|\S/g) ?? [];
  let at = 0;

  const list = (): Mask => {
    const mask: Mask = new Map();
    do item(mask);
    while (tokens[at] === ',' && ++at);
    return mask;
  };
  const item = (into: Mask): void => {
    const name = tokens[at++];
    if (!name || !/^(\w+|\*)$/.test(name)) throw invalidSelection(name ?? '');
    let below: Mask | null = null;
    if (tokens[at] === '/') {
      at++;
      below = new Map();
      item(below);
    } else if (tokens[at] === '(') {
      at++;
      below = list();
      if (tokens[at++] !== ')') throw invalidSelection(text);
    }
    into.set(name, into.has(name) ? union(into.get(name)!, below) : below);
  };

  const mask = list();
  if (at < tokens.length) throw invalidSelection(tokens[at]!);
  return mask;
}

function union(one: Mask | null, other: Mask | null): Mask | null {
  if (!one || !other) return null;
  const merged: Mask = new Map(one);
  for (const [name, below] of other) {
    merged.set(name, merged.has(name) ? union(merged.get(name)!, below) : below);
  }
  return merged;
}

/** Throws Drive's 400 when the mask names a field that the resource, described by `schema`, does not have. */
function checkMask(mask: Mask, schema: Mask): void {
  for (const [name, below] of mask) {
    if (schema.has('*')) continue;
    if (name === '*') {
      if (below) for (const inner of schema.values()) if (inner) checkMask(below, inner);
      continue;
    }
    const inner = schema.get(name);
    if (inner === undefined || (below && !inner)) throw invalidSelection(name);
    if (below) checkMask(below, inner!);
  }
}

/** The selected part of a value; arrays are masked item by item, absent fields stay absent. */
export function applyMask(value: unknown, mask: Mask | null): unknown {
  if (!mask || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(item => applyMask(item, mask));
  const source = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  const everything = mask.get('*');
  for (const name in source) {
    const below = mask.has(name) ? mask.get(name)! : everything;
    if (below === undefined) continue;
    const selected = applyMask(source[name], below);
    if (selected !== undefined) result[name] = selected;
  }
  return result;
}

function invalidSelection(name: string) {
  return invalidParameter('fields', `Invalid field selection ${name}`, 'invalidParameter');
}

/** False if absent. Throws 400 for anything but `true` and `false`. */
export function booleanParameter(parameters: URLSearchParams, name: string): boolean {
  const text = parameters.get(name) ?? 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalidParameter(name, `Invalid boolean value: '${text}'.`, 'invalidParameter');
}

/** The `fields` mask, checked against the schema of the answer. Throws 400 for names that it does not have. */
export function fieldsParameter(parameters: URLSearchParams, schema: Mask, otherwise: string): Mask {
  const mask = parseMask(parameters.get('fields') || otherwise);
  checkMask(mask, schema);
  return mask;
}
