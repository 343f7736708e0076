import { ConfigFile } from './schema.ts';
import { valueAt } from './settings.ts';

/**
 * A warning for every key that nothing reads, in file order, with the key that was probably meant. The keys themselves
 * stay where they are (design: unknown keys are kept). `$schema` and keys that start with `_` are taken for remarks.
 */
export function unknownKeyWarnings(values: unknown): string[] {
  const known = knownKeys(ConfigFile, '');
  const warnings: string[] = [];
  const python: string[] = [];
  const visit = (at: unknown, path: string): void => {
    if (!isPlainObject(at)) return;
    for (const [name, below] of Object.entries(at)) {
      const key = path ? `${path}.${name}` : name;
      if (key in PYTHON_KEYS) python.push(key);
      else if (known.sections.has(key)) visit(below, key);
      else if (!known.leaves.has(key) && name !== '$schema' && !name.startsWith('_')) {
        const meant = nearest(
          key,
          [...known.leaves, ...known.sections].filter(name => !(name in PYTHON_KEYS)),
        );
        warnings.push(
          `${key} is not a known key and has no effect${meant ? `; did you mean ${meant}?` : '.'}`,
        );
      }
    }
  };
  visit(values, '');
  return [...warnings, ...pythonWarnings(values, python)];
}

/** Keys of the Python tool of the same name, and of earlier versions of this one. Its other keys are called the same here. */
const PYTHON_KEYS: Readonly<Record<string, 'translated' | 'without effect'>> = {
  'migration.max_workers': 'translated',
  'migration.adaptive_concurrency': 'without effect',
  'migration.min_workers': 'without effect',
  'migration.initial_workers': 'without effect',
  'migration.window_seconds': 'without effect',
  'migration.max_inflight_buffer_mb': 'without effect',
};

function pythonWarnings(values: unknown, keys: string[]): string[] {
  const translated = keys.filter(key => PYTHON_KEYS[key] === 'translated');
  const idle = keys.filter(key => PYTHON_KEYS[key] === 'without effect');
  const isSet = valueAt(values, 'migration.concurrency') !== undefined;
  return [
    ...translated.map(key =>
      isSet
        ? `${key} comes from the Python tool and has no effect: migration.concurrency is set.`
        : `${key} comes from the Python tool and is read as migration.concurrency; rename it.`,
    ),
    ...(idle.length > 0
      ? [
          `${idle.join(', ')}: from the Python tool or an earlier version, without effect; migration.concurrency alone says how many files are transferred at a time.`,
        ]
      : []),
  ];
}

/** The values of a file with what the Python tool calls otherwise under the names of this one. */
export function withTranslatedKeys(values: Record<string, unknown>): Record<string, unknown> {
  const workers = valueAt(values, 'migration.max_workers');
  if (workers === undefined || valueAt(values, 'migration.concurrency') !== undefined) return values;
  return { ...values, migration: { ...(values.migration as object), concurrency: workers } };
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
