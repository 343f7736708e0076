/** Which folder, and which run, a command is about. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../../stages/errors.ts';
import { FOLDER_ID, folderIdFrom } from '../config/home.ts';
import type { Config } from '../config/settings.ts';
import { Run } from './manifest/run.ts';

const MOST_NAMED = 5;

/** The folder to migrate: the flag's, else the configured one. */
export function folderToMigrate(flag: string | undefined, config: Config): string | null {
  return folderIdFrom(flag ?? '') || config.google_drive.folder_id || null;
}

/** The folder to continue with or to look at: the flag's, else that of the last run, else the configured one. */
export function folderToContinue(flag: string | undefined, config: Config, home: string): string | null {
  return folderIdFrom(flag ?? '') || lastRunOf(home) || config.google_drive.folder_id || null;
}

/** Every run of this home; the one that was worked on last is not necessarily the first. */
export function runsOf(home: string): Run[] {
  const runs = join(home, 'runs');
  if (!existsSync(runs)) return [];
  const folderIds = readdirSync(runs).filter(name => FOLDER_ID.test(name));
  return folderIds.map(folderId => new Run(home, folderId)).filter(run => run.exists);
}

/** The folder of the run that was worked on last; null if there is none. */
export function lastRunOf(home: string): string | null {
  // A process that was killed before it saw a file leaves empty manifests.
  const runs = runsOf(home).filter(run => !run.isEmpty);
  const newestFirst = runs.sort((a, b) => Number(b.lastActivity) - Number(a.lastActivity));
  return newestFirst[0]?.folderId ?? null;
}

/** The run to change or to check. Throws RunError if there is none; `what` is to be done with it: "to undo". */
export function runFor(flag: string | undefined, config: Config, home: string, what: string): Run {
  return existingRun(home, folderToContinue(flag, config, home), what);
}

function existingRun(home: string, folderId: string | null, what: string): Run {
  if (!folderId) throw noRun(what);
  const run = new Run(home, folderId);
  if (!run.exists) throw noRunOf(folderId, home);
  return run;
}

export function noRun(what: string): RunError {
  return new RunError(
    'no_run',
    `There is no run ${what}.`,
    'Start one with "migrator scan --folder-id FOLDER_ID" or "migrator migrate --folder-id FOLDER_ID".',
  );
}

/** Names the runs that there are: the id may be mistyped. */
export function noRunOf(folderId: string, home: string): RunError {
  const labels = runsOf(home).map(({ label }) => label);
  const named = [...labels.slice(0, MOST_NAMED), ...(labels.length > MOST_NAMED ? ['…'] : [])].join(', ');
  const others = named && ` Existing runs: ${named}.`;
  return new RunError(
    'no_run',
    `There is no run of the folder ${folderId}.${others}`,
    `Check the id, or start a run with "migrator scan --folder-id ${folderId}" or "migrator migrate --folder-id ${folderId}".`,
  );
}

/** The run to look at: the flag's, else the last one. Needs no configuration. Throws RunError if there is none. */
export function runToShow(flag: string | undefined, home: string): Run {
  if (existsSync(home) && !statSync(home).isDirectory()) {
    const remedy = 'Move it away, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.';
    throw new RunError('home_unusable', `${home} is no folder.`, remedy);
  }
  return existingRun(home, folderIdFrom(flag ?? '') || lastRunOf(home), 'yet');
}
