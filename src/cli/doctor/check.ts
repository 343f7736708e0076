/** A check of `doctor`, and how checks are run: one that fails hides no other, except those that cannot do without it. */
import type { DriveRef } from '../../../stages/record.ts';
import type { Env } from '../../config/home.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { ConfigKey } from '../../config/settings.ts';
import { valueAt } from '../../config/settings.ts';
import type { Services } from '../../services/services.ts';

/** What a check looks at. */
export interface Surroundings {
  loaded: LoadedConfig;
  services: Services;
  env: Env;
  /** The Drive folder to look at; null if none is named. */
  root: DriveRef | null;
  /** ms since the epoch. */
  now: () => number;
}

export interface Check {
  /** For scripts, `snake_case`. */
  name: string;
  /** For people. */
  title: string;
  /** Checks that have to be fine before this one makes sense. */
  after?: readonly string[];
  /** Configuration without which there is nothing to check; the check of the configuration complains of it. */
  keys?: readonly ConfigKey[];
  /** What was found, for people. Throws an error with a remedy if something is wrong, {@link NotChecked} if it cannot tell. */
  run(at: Surroundings): Promise<string>;
}

/** There was nothing to be found out; no fault. */
export class NotChecked extends Error {
  override readonly name = 'NotChecked';
}

export type Finding = { name: string; title: string } & (
  | { status: 'ok'; detail: string }
  | { status: 'wrong'; code: string; problem: string; remedy: string }
  | { status: 'not_checked'; because: string }
);

/** Runs the checks in their order and gives each finding as soon as it is there. */
export async function* examine(checks: readonly Check[], at: Surroundings): AsyncGenerator<Finding> {
  const fine = new Set<string>();
  for (const check of checks) {
    const finding = await findingOf(check, at, fine, checks);
    if (finding.status === 'ok') fine.add(check.name);
    yield finding;
  }
}

async function findingOf(
  check: Check,
  at: Surroundings,
  fine: ReadonlySet<string>,
  checks: readonly Check[],
): Promise<Finding> {
  const { name, title, after = [], keys = [] } = check;
  const missing = keys.find(key => valueAt(at.loaded.config, key) === '');
  if (missing) return { name, title, status: 'not_checked', because: `${missing} is not set` };
  const failed = after.find(needed => !fine.has(needed));
  if (failed) {
    const { title: what } = checks.find(other => other.name === failed)!;
    return { name, title, status: 'not_checked', because: `"${what}" is not fine` };
  }
  try {
    return { name, title, status: 'ok', detail: await check.run(at) };
  } catch (error) {
    if (error instanceof NotChecked) return { name, title, status: 'not_checked', because: error.message };
    return { name, title, status: 'wrong', ...wrong(error) };
  }
}

function wrong(error: unknown): { code: string; problem: string; remedy: string } {
  const { message, code, remedy, name } = error as Error & { code?: unknown; remedy?: unknown };
  // Ctrl-C at a prompt ends the command, not only the check.
  if (name === 'ExitPromptError') throw error;
  return {
    code: typeof code === 'string' ? code : 'unexpected',
    problem: message,
    remedy: typeof remedy === 'string' ? remedy : 'Run the command again with --verbose and look at the log.',
  };
}
