import { ConfigFile } from './schema.ts';

/**
 * A warning for every key that nothing reads, in file order, with the key that was probably meant. The keys themselves
 * stay where they are (design: unknown keys are kept). `$schema` and keys that start with `_` are taken for remarks.
 */
export function unknownKeyWarnings(values: unknown): string[] {
  const known = knownKeys(ConfigFile, '');
  const warnings: string[] = [];
  const visit = (at: unknown, path: string): void => {
    if (!isPlainObject(at)) return;
    for (const [name, below] of Object.entries(at)) {
      const key = path ? `${path}.${name}` : name;
      if (known.sections.has(key)) visit(below, key);
      else if (!known.leaves.has(key) && name !== '$schema' && !name.startsWith('_')) {
        const meant = nearest(key, [...known.leaves, ...known.sections]);
        warnings.push(
          `${key} is not a known key and has no effect${meant ? `; did you mean ${meant}?` : '.'}`,
        );
      }
    }
  };
  visit(values, '');
  return warnings;
}

interface KnownKeys {
  leaves: Set<string>;
  sections: Set<string>;
}

/** Read off the schema, so that a new key is known everywhere at once. */
function knownKeys(
  schema: unknown,
  path: string,
  into: KnownKeys = { leaves: new Set(), sections: new Set() },
) {
  const inner = (schema as { wrapped?: unknown }).wrapped ?? schema;
  const entries = (inner as { entries?: Record<string, unknown> }).entries;
  if (!entries) {
    into.leaves.add(path);
    return into;
  }
  if (path) into.sections.add(path);
  for (const [name, below] of Object.entries(entries))
    knownKeys(below, path ? `${path}.${name}` : name, into);
  return into;
}

function nearest(key: string, candidates: string[]): string | null {
  const nameOf = (path: string) => path.slice(path.lastIndexOf('.') + 1);
  const plain = (name: string) => name.toLowerCase().replace(/[-_]/g, '');
  const name = plain(nameOf(key));
  let best: string | null = null;
  let bestDistance = Math.min(3, Math.ceil(name.length / 3) + 1);
  for (const candidate of candidates) {
    const distance = editDistance(name, plain(nameOf(candidate)));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
