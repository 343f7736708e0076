/** A local cloud with homes of the tool that lead to it, and questions about what has arrived there. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FileRecord, StageName } from '../../stages/record.ts';
import { type Account, type Cloud, type CloudOptions, type HomeOptions, startCloud } from '../cloud/cloud.ts';
import { type SampleFolder, seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import { endAll, type Member, pipe, type RunOptions, run, start, startPipe } from './run-command.ts';

type Options = Partial<Omit<RunOptions, 'env'>> & { env?: Record<string, string> };
type Section = Record<string, unknown>;
type ConfigFile = Section &
  Record<'google_drive' | 'migration', Section> & { aws: Section & Record<'amplify' | 'cognito', Section> };

export interface SandboxHomeOptions extends HomeOptions {
  /** Whose password is in the environment; the administrator when absent. */
  account?: Account;
  /** False: no tokens of Cognito are kept yet. */
  signedIn?: boolean;
}

export class Sandbox {
  cloud!: Cloud;
  folder!: string;
  #homes = 0;

  static async open(options: CloudOptions = {}): Promise<Sandbox> {
    return new Sandbox().#open(options);
  }

  /** In a `describe`: one for all its tests. What a test lets services do instead of answering ends with it. */
  static forAll(options?: CloudOptions): Sandbox {
    const sandbox = new Sandbox();
    before(() => sandbox.#open(options));
    afterEach(() => {
      const { drive, userPool, identityPool, s3, appSync } = sandbox.cloud;
      for (const { service } of [drive, userPool, identityPool, s3, appSync]) service.intercept = null;
    });
    after(() => sandbox.close());
    return sandbox;
  }

  /** In a `describe`: a new one for each of its tests. */
  static forEach(options?: CloudOptions): Sandbox {
    const sandbox = new Sandbox();
    beforeEach(() => sandbox.#open(options));
    afterEach(() => sandbox.close());
    return sandbox;
  }

  async #open(options: CloudOptions = {}): Promise<Sandbox> {
    this.cloud = await startCloud(options);
    this.folder = await mkdtemp(join(tmpdir(), 'e2e-'));
    return this;
  }

  /** A home after `migrator config` and `migrator login aws`, without waits between attempts or queries. */
  async home(options: SandboxHomeOptions = {}): Promise<Home> {
    this.#homes += 1;
    const { account = this.cloud.admin, username = account.username, signedIn = true } = options;
    const home = this.bareHome(`home-${this.#homes}`, account);
    const migration = { retry_attempts: 1, retry_delay_seconds: 0, ...options.migration };
    await this.cloud.writeHome(home.path, { ...options, username, migration });
    // Signing in with SRP costs half a second of computing; only tests about it need it.
    if (signedIn) this.cloud.writeSignIn(home.path, username);
    home.edit(config => (config.google_drive.queries_per_second = 1000));
    return home;
  }

  /** A home that is not there yet. */
  bareHome(name: string, account?: Account): Home {
    const path = join(this.folder, name);
    return new Home(path, { HOME: this.folder, ...this.cloud.environment(path, account) });
  }

  /** A folder in Drive with these files, and one observation for each of the ids. */
  seed(files: Record<string, Buffer | string>, sequentialIds: number[] = []): string {
    const { tree } = this.cloud.drive;
    const folderId = tree.addFolder({ name: 'pictures' });
    for (const [name, content] of Object.entries(files))
      tree.addFile({ name, parent: folderId, content: Buffer.from(content) });
    this.cloud.appSync.addObservations(sequentialIds);
    return folderId;
  }

  /** The sample folder, with an observation for each id that has one. */
  seedSample(): SampleFolder {
    const sample = seedSampleFolder(this.cloud.drive);
    this.cloud.appSync.addObservations(sample.sequentialIds);
    return sample;
  }

  async close(): Promise<void> {
    endAll();
    await this.cloud.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A folder of the tool's own, and the tool run with it. */
export class Home {
  readonly path: string;
  readonly env: Record<string, string>;

  constructor(path: string, env: Record<string, string>) {
    this.path = path;
    this.env = env;
  }

  migrator(args: readonly string[], options: Options = {}) {
    return run(args, this.#options(options));
  }

  /** Runs to its end, which must have this exit code. */
  async exits(code: number, args: readonly string[], options: Options = {}) {
    const outcome = await this.migrator(args, options);
    expect(outcome.code, `${args.join(' ')}: ${outcome.stderr || outcome.stdout}`).to.equal(code);
    return outcome;
  }

  /** Runs a command with `--json`; its exit code, and what it printed. */
  async json(...args: string[]) {
    const { code, stdout, stderr } = await this.migrator([...args, '--json']);
    if (stdout === '') throw new Error(stderr);
    return { code, ...JSON.parse(stdout) };
  }

  start(args: readonly string[], options: Options = {}) {
    return start(args, this.#options(options));
  }

  pipe(members: readonly Member[], options: Options = {}) {
    return pipe(members, this.#options(options));
  }

  startPipe(members: readonly Member[], options: Options = {}) {
    return startPipe(members, this.#options(options));
  }

  /** Changes config.json. */
  edit(change: (config: ConfigFile) => unknown): void {
    const path = join(this.path, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as ConfigFile;
    change(config);
    writeFileSync(path, JSON.stringify(config));
  }

  /** Text of a file in the home. */
  read(...names: string[]): string {
    return readFileSync(join(this.path, ...names), 'utf8');
  }

  /** The file with this beginning and end; there must be exactly one. */
  only(folder: string, pattern: RegExp): string {
    const names = readdirSync(join(this.path, folder)).filter(name => pattern.test(name));
    expect(names, `files like ${pattern}`).to.have.length(1);
    return this.read(folder, names[0]!);
  }

  manifestPath(folderId: string, stage: StageName): string {
    return join(this.path, 'runs', folderId, `${stage}.ndjson`);
  }

  manifest(folderId: string, stage: StageName): FileRecord[] {
    return recordsIn(readFileSync(this.manifestPath(folderId, stage), 'utf8'));
  }

  /** Every manifest's text, by name; for comparing before and after. */
  manifests(folderId: string): Record<string, string> {
    const folder = join(this.path, 'runs', folderId);
    if (!existsSync(folder)) return {};
    const names = readdirSync(folder).filter(name => name.endsWith('.ndjson'));
    return Object.fromEntries(names.map(name => [name, readFileSync(join(folder, name), 'utf8')]));
  }

  #options({ env, ...options }: Options): RunOptions {
    return { ...options, env: { ...this.env, ...env } };
  }
}

export function recordsIn(text: string): FileRecord[] {
  return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as FileRecord]));
}

export function linesOf(records: readonly object[]): string {
  return records.map(record => `${JSON.stringify(record)}\n`).join('');
}

/** How many records have each status. */
export function statuses(records: readonly FileRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of records) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Media records as the app would see them: observation and address, sorted. */
export function mediaOf({ appSync }: Cloud): { sequentialId: unknown; url: unknown; type: unknown }[] {
  return [...appSync.media.values()]
    .map(({ observationId, url, type }) => ({
      sequentialId: appSync.observations.get(String(observationId))?.sequentialId,
      url,
      type,
    }))
    .sort((a, b) => `${a.sequentialId} ${a.url}`.localeCompare(`${b.sequentialId} ${b.url}`));
}

/** Starts to count requests; the function it gives tells how many of each operation came since. */
export function meter({ drive, userPool, s3, appSync }: Cloud): () => Record<string, number> {
  const now = () => ({
    ...named('drive', drive.service.requests),
    ...named('cognito', userPool.service.requests),
    ...named('s3', s3.service.requests),
    ...named('appsync', appSync.service.requests),
    ...named('field', appSync.fields),
  });
  const before: Record<string, number> = now();
  return () =>
    Object.fromEntries(
      Object.entries(now())
        .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
}

/** All of a meter's requests that go to this service. */
export function total(counts: Record<string, number>, service: string): number {
  return Object.entries(counts)
    .filter(([name]) => name.startsWith(`${service} `))
    .reduce((sum, [, count]) => sum + count, 0);
}

function named(service: string, requests: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...requests].map(([name, count]) => [`${service} ${name}`, count]));
}
