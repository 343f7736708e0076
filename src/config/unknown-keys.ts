import * as v from 'valibot';
import { isPlainObject } from './json.ts';
import { nearest } from './nearest.ts';
import { ConfigSchema } from './schema.ts';
import { defaultConfig, valueAt } from './settings.ts';

/** The Python tool's name for `migration.concurrency`. */
const MAX_WORKERS = 'migration.max_workers';

/** Keys of the Python tool, and of earlier versions of this one, that no longer have an effect. */
const WITHOUT_EFFECT = new Set(
  ['adaptive_concurrency', 'min_workers', 'initial_workers', 'window_seconds', 'max_inflight_buffer_mb'].map(
    name => `migration.${name}`,
  ),
);

/** Whether only the Python tool's name for the number of workers is set. */
function usesMaxWorkers(values: unknown): boolean {
  return valueAt(values, MAX_WORKERS) !== undefined && valueAt(values, 'migration.concurrency') === undefined;
}

/** The content of the file with today's names, and what a key is called in the file. */
export function withNewNames(written: Record<string, unknown>) {
  const isOld = usesMaxWorkers(written);
  const migration = { ...(written.migration as object), concurrency: valueAt(written, MAX_WORKERS) };
  const file: Record<string, unknown> = isOld ? { ...written, migration } : { ...written };
  const nameInFile = (key: string) => (isOld && key === 'migration.concurrency' ? MAX_WORKERS : key);
  return { file, nameInFile };
}

/**
 * A warning for every key that is not in the schema, in file order, with the key that was probably meant. `$schema` and
 * keys that start with `_` are taken for comments.
 */
export function unknownKeyWarnings(values: unknown): string[] {
  const unknown = keysOutside(v.safeParse(ConfigSchema, values).output, values);
  const old = unknown.filter(key => WITHOUT_EFFECT.has(key));
  const warnings = unknown
    .filter(key => key !== MAX_WORKERS && !WITHOUT_EFFECT.has(key))
    .map(key => {
      const meant = probablyMeant(key);
      return `${key} is not a known key and has no effect${meant ? `; did you mean ${meant}?` : '.'}`;
    });
  if (unknown.includes(MAX_WORKERS)) {
    const effect = usesMaxWorkers(values)
      ? 'is read as migration.concurrency; rename it.'
      : 'has no effect: migration.concurrency is set.';
    warnings.push(`${MAX_WORKERS} comes from the Python tool and ${effect}`);
  }
  if (old.length > 0) {
    warnings.push(
      `${old.join(', ')}: from the Python tool or an earlier version, without effect; migration.concurrency alone sets how many files are transferred at a time.`,
    );
  }
  return warnings;
}

/** `known` is what the schema makes of `values`; it has no other keys. */
function keysOutside(known: unknown, values: unknown, path = ''): string[] {
  if (!isPlainObject(values) || !isPlainObject(known)) return [];
  return Object.entries(values).flatMap(([name, below]) => {
    const key = path ? `${path}.${name}` : name;
    if (Object.hasOwn(known, name)) return keysOutside(known[name], below, key);
    return name === '$schema' || name.startsWith('_') ? [] : [key];
  });
}

/** The key with the most similar name in any section. */
function probablyMeant(key: string): string | null {
  const plainName = (of: string) => of.split('.').at(-1)!.toLowerCase().replace(/[-_]/g, '');
  const known = allKeys(defaultConfig());
  const names = known.map(plainName);
  const meant = nearest(plainName(key), [...new Set(names)]);
  return meant === null ? null : known[names.indexOf(meant)]!;
}

function allKeys(values: object, path = ''): string[] {
  return Object.entries(values).flatMap(([name, below]) => {
    const key = path ? `${path}.${name}` : name;
    return [key, ...(isPlainObject(below) ? allKeys(below, key) : [])];
  });
}
