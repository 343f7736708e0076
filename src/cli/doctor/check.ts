/** A check of `doctor`, and how checks are run. A failed check skips only the checks that depend on it. */
import type { DriveRef } from '../../../stages/record.ts';
import type { ConfigError } from '../../config/error.ts';
import type { Env } from '../../config/home.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { ConfigKey } from '../../config/settings.ts';
import { valueAt } from '../../config/settings.ts';
import type { Services } from '../../services/services.ts';

export interface Surroundings {
  loaded: LoadedConfig;
  /** What is wrong with the configuration; its wrong values are left out of `loaded`. */
  fault: ConfigError | null;
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
  after?: readonly string[];
  /** Required values; the check of the configuration reports missing ones. */
  keys?: readonly ConfigKey[];
  /** What was found, for people. Throws an error with a remedy if something is wrong, {@link NotChecked} if it cannot tell. */
  run(at: Surroundings): Promise<string>;
}

/** The check does not apply; nothing is wrong. */
export class NotChecked extends Error {
  override readonly name = 'NotChecked';
}

export type Finding = { name: string; title: string } & (
  | { status: 'ok'; detail: string }
  | { status: 'wrong'; code: string; problem: string; remedy: string }
  | { status: 'not_checked'; because: string }
);

/** Runs the checks in order and yields each finding as soon as it is known. */
export async function* examine(checks: readonly Check[], at: Surroundings): AsyncGenerator<Finding> {
  const statuses = new Map<string, Finding['status']>();
  for (const check of checks) {
    const finding = await findingOf(check, at, statuses, checks);
    statuses.set(check.name, finding.status);
    yield finding;
  }
}

async function findingOf(
  check: Check,
  at: Surroundings,
  statuses: ReadonlyMap<string, Finding['status']>,
  checks: readonly Check[],
): Promise<Finding> {
  const { name, title, after = [], keys = [] } = check;
  const missing = keys.find(key => valueAt(at.loaded.config, key) === '');
  if (missing) return { name, title, status: 'not_checked', because: `${missing} is not set` };
  const failed = after.find(needed => statuses.get(needed) !== 'ok');
  if (failed) {
    const outcome = statuses.get(failed) === 'wrong' ? 'failed' : 'was skipped';
    const { title: what } = checks.find(other => other.name === failed)!;
    return { name, title, status: 'not_checked', because: `${what} ${outcome}` };
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
    remedy: typeof remedy === 'string' ? remedy : 'Run the command again with --verbose and check the log.',
  };
}
