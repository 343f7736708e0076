/** The local cloud of the benchmark, as the measuring process sees it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ask, startBeside } from './ask-process.ts';
import type { CloudOrder, CloudReady, CloudReport, CloudRequest, NewHome } from './cloud-process.ts';
import { WORKERS } from './load.ts';
import { COMMAND, measure } from './measured-process.ts';

/** The largest value that the configuration accepts, above what a run reaches: rows on loopback don't measure Drive's quota. */
const HIGHEST_RATE = 1000;

export class LocalCloud {
  readonly ready: CloudReady;
  readonly #process: ChildProcess;
  #homes = 0;

  private constructor(process: ChildProcess, ready: CloudReady) {
    this.#process = process;
    this.ready = ready;
  }

  /** Starts a cloud, calls `use` with it, and ends it in any case. */
  static async with<T>(
    order: Pick<CloudOrder, 'folder'> & Partial<CloudOrder>,
    use: (cloud: LocalCloud) => Promise<T>,
  ): Promise<T> {
    const child = startBeside('cloud-process');
    const whole = { queriesPerSecond: HIGHEST_RATE, concurrency: WORKERS, ...order };
    const question: CloudRequest = { ask: 'start', order: whole };
    const cloud = new LocalCloud(child, await ask<CloudReady>(child, question));
    try {
      return await use(cloud);
    } finally {
      await cloud.#stop();
    }
  }

  /** A temporary folder, removed with the cloud. */
  get folder(): string {
    return this.ready.folder;
  }

  /** Empties bucket, Media table and counters. */
  reset(): Promise<void> {
    return this.#ask({ ask: 'reset' });
  }

  /** Resets the counters. */
  recount(): Promise<void> {
    return this.#ask({ ask: 'recount' });
  }

  /** A home without any run, signed in to both clouds; the sign-in happens once, not for each run. */
  async newHome(): Promise<NewHome> {
    this.#homes += 1;
    const home = await this.#ask<NewHome>({ ask: 'home', home: join(this.folder, `home-${this.#homes}`) });
    await measure({ arguments: [COMMAND, 'login', 'aws'], environment: home.environment });
    return home;
  }

  report(): Promise<CloudReport> {
    return this.#ask({ ask: 'report' });
  }

  #ask<T>(question: CloudRequest): Promise<T> {
    return ask(this.#process, question);
  }

  async #stop(): Promise<void> {
    const ended = this.#process.exitCode === null ? once(this.#process, 'exit') : null;
    if (this.#process.connected) this.#process.disconnect();
    await ended;
  }
}
