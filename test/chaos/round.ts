/**
 * One round: a folder is migrated once with nothing in the way, and once through a storm: the command is killed again and
 * again, sometimes with the power, while the cloud around it fails, until at last the weather is calm and it may finish.
 * The two must not differ.
 */
import { statSync, truncateSync } from 'node:fs';
import { Run } from '../../src/run/manifest/run.ts';
import { STAGES } from '../../stages/record.ts';
import { end, type Outcome, type Running } from '../e2e/run-command.ts';
import { type Home, Sandbox } from '../e2e/sandbox.ts';
import type { Dice } from './dice.ts';
import { type ChaosFolder, type FolderSize, layFolder } from './folder.ts';
import { differences, faultsOf, type Result, resultOf, wrongBytes } from './result.ts';
import { MOMENTS, Weather } from './weather.ts';

interface RoundOptions {
  size: FolderSize;
  /** The storm ends after so many processes have been ended from outside. */
  kills: number;
  log?: (line: string) => void;
}

interface RoundOutcome {
  /** What is not as it should be; empty if all is well. */
  wrong: string[];
  /** Processes that were ended by a signal. */
  kills: number;
  /** Processes started. */
  processes: number;
  files: number;
  faults: ReadonlyMap<string, number>;
}

/** Exit codes that a command may have in a storm: ok, fatal error, unfinished, interrupted; null is a kill. */
const CODES_IN_A_STORM: readonly (number | null)[] = [0, 1, 3, 130, null];
/** Far longer than anything should take: with a stall time of a second nothing waits for long. */
const HANGS_AFTER_MS = 120_000;
/** After so many in a row that ended by themselves there is nothing left to be interrupted. */
const SPARED_AT_MOST = 3;
/** Runs in calm weather after which a migration has to be done. */
const CALM_RUNS = 3;

export async function playRound(dice: Dice, options: RoundOptions): Promise<RoundOutcome> {
  const undisturbed = await withHome(dice, options.size, async ({ home, sandbox, folder }) => {
    const { code, stderr } = await home.migrator(['migrate']);
    if (code !== 3) throw new Error(`undisturbed, it ended with ${code}: ${stderr}`);
    const wrong = faultsOf(sandbox.cloud, home, folder);
    if (wrong.length > 0) throw new Error(`undisturbed: ${wrong.join('\n')}`);
    return resultOf(sandbox.cloud, home, folder);
  });
  return withHome(dice, options.size, place => new Round(place, dice, options, undisturbed).play());
}

interface Place {
  sandbox: Sandbox;
  home: Home;
  folder: ChaosFolder;
}

/** A cloud and a home as the dice will have them, the same each time. */
async function withHome<T>(dice: Dice, size: FolderSize, use: (place: Place) => Promise<T>): Promise<T> {
  const sandbox = await Sandbox.open({
    index: dice.chance('index', 0.5),
    drive: {
      pageSizeLimit: dice.whole('page size', 5, 40),
      ...(dice.chance('empty pages', 0.3) && { emptyPageEvery: 3 }),
      multiParentQueriesFindNothing: dice.chance('no groups', 0.2),
    },
    s3: { repeatedComplete: dice.pick('repeated complete', ['refused', 'answered again']) },
    appSync: { staleReads: dice.whole('stale reads', 0, 2) },
  });
  try {
    const folder = layFolder(sandbox.cloud, dice.of('folder'), size);
    sandbox.cloud.appSync.settle();
    const migration = {
      concurrency: dice.whole('concurrency', 1, 6),
      chunk_size_mb: 5,
      stall_timeout_seconds: 1,
      retry_attempts: dice.whole('retries', 1, 3),
    };
    const more = dice.chance('relaxed', 0.5) ? { naming: 'relaxed' } : {};
    const home = await sandbox.home({ folderId: folder.folderId, migration, more, signedIn: false });
    return await use({ sandbox, home, folder });
  } finally {
    await sandbox.close();
  }
}

class Round {
  readonly #place: Place;
  readonly #dice: Dice;
  readonly #options: RoundOptions;
  readonly #undisturbed: Result;
  readonly #weather: Weather;
  readonly #wrong: string[] = [];
  readonly #looked = new Set<string>();
  #kills = 0;
  #processes = 0;

  constructor(place: Place, dice: Dice, options: RoundOptions, undisturbed: Result) {
    this.#place = place;
    this.#dice = dice;
    this.#options = options;
    this.#undisturbed = undisturbed;
    this.#weather = new Weather(place.sandbox.cloud, dice.of('weather'));
  }

  async play(): Promise<RoundOutcome> {
    const { sandbox, home, folder } = this.#place;
    this.#weather.storm(this.#dice.pick('storm', [0.02, 0.05, 0.1, 0.2, 0.3]));
    for (let n = 1, spared = 0; this.#kills < this.#options.kills && spared < SPARED_AT_MOST; n += 1) {
      const struck = await this.#stormyRun(n);
      spared = struck ? 0 : spared + 1;
    }
    this.#weather.storm(0);
    const done = await this.#finish();
    if (done) {
      this.#wrong.push(...faultsOf(sandbox.cloud, home, folder));
      this.#wrong.push(...differences(resultOf(sandbox.cloud, home, folder), this.#undisturbed));
    }
    return {
      wrong: this.#wrong,
      kills: this.#kills,
      processes: this.#processes,
      files: folder.fileIds.length,
      faults: this.#weather.faults,
    };
  }

  /** True if the process was struck before it had done its work. */
  async #stormyRun(n: number): Promise<boolean> {
    const dice = this.#dice.of(`run ${n}`);
    const before = this.#sizes();
    const migration = this.#start();
    const signal = dice.pick('signal', ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGINT', 'SIGTERM'] as const);
    const moment = dice.pick('moment', MOMENTS);
    const request = dice.whole('request', 1, dice.pick('reach', [8, 20, 40, 80]));
    let struck = false;
    this.#weather.atRequest(request, moment, () => {
      struck = true;
      end(migration.child, signal);
      // The second one ends at once what the first one asked to.
      if (signal !== 'SIGKILL' && dice.chance('again', 0.3)) end(migration.child, signal);
    });
    const outcome = await this.#ended(migration);
    this.#weather.forget();
    this.#kills += Number(struck);
    if (struck && outcome.code === null && dice.chance('power', 0.3)) this.#cutPower(before, dice);
    const why = outcome.code === 1 ? `, ${/Error: .*/.exec(outcome.stderr)?.[0]}` : '';
    const what = struck ? `${signal} when request ${request} ${moment}` : 'not struck';
    this.#options.log?.(`  run ${n}: ${what}, exit code ${outcome.code}${why}`);
    if (!CODES_IN_A_STORM.includes(outcome.code))
      this.#wrong.push(`run ${n} ended with ${outcome.code}: ${outcome.stderr}`);
    if (/Unexpected error|\n\s+at /.test(outcome.stderr))
      this.#wrong.push(`run ${n} was surprised: ${outcome.stderr}`);
    for (const key of wrongBytes(this.#place.sandbox.cloud, this.#looked))
      this.#wrong.push(`after run ${n} ${key}`);
    return struck;
  }

  /** Of each manifest, in bytes; 0 where there is none. */
  #sizes(): number[] {
    const { home, folder } = this.#place;
    return STAGES.map(
      stage => statSync(home.manifestPath(folder.folderId, stage), { throwIfNoEntry: false })?.size ?? 0,
    );
  }

  /** Loses a part of what was written since, as a power failure does. The listing is on disk before it is called complete. */
  #cutPower(before: number[], dice: Dice): void {
    const { home, folder } = this.#place;
    const { isListed } = new Run(home.path, folder.folderId);
    const now = this.#sizes();
    for (const [index, stage] of STAGES.entries()) {
      const written = now[index]! - before[index]!;
      if (written <= 0 || (stage === 'list' && isListed)) continue;
      const kept = Math.floor(written * dice.fraction(`kept of ${stage}`));
      truncateSync(home.manifestPath(folder.folderId, stage), before[index]! + kept);
    }
  }

  /** Resumes until nothing is left to be tried again; false if that does not come about. */
  async #finish(): Promise<boolean> {
    const { home, folder } = this.#place;
    let last: Outcome | null = null;
    for (let run = 1; run <= CALM_RUNS; run += 1) {
      last = await this.#ended(this.#start());
      const texts = () => JSON.stringify(home.manifests(folder.folderId));
      const before = texts();
      if (last.code !== 3) continue;
      const { code } = await this.#ended(this.#start());
      if (code === 3 && texts() === before) return true;
    }
    this.#wrong.push(
      `in calm weather it does not come to its end; the last run: ${last?.code} ${last?.stderr}`,
    );
    return false;
  }

  #start(): Running {
    this.#processes += 1;
    return this.#place.home.start(['migrate']);
  }

  async #ended(migration: Running): Promise<Outcome> {
    const watchdog = setTimeout(() => {
      this.#wrong.push(`process ${this.#processes} did not end within ${HANGS_AFTER_MS / 1000} s`);
      end(migration.child);
    }, HANGS_AFTER_MS);
    try {
      return await migration.ended;
    } finally {
      clearTimeout(watchdog);
    }
  }
}
