/**
 * `npm run real-slurm`: the sbatch script of docs/scale.md as a job array of a real Slurm (Debian: `slurm-wlm`, `munge`),
 * whose daemons run here for as long as that takes, on loopback and in a folder that is removed. What is missing is said.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fencesIn, textOf } from './docs/fences.ts';
import { expectArrived } from './e2e/expected.ts';
import { Sandbox } from './e2e/sandbox.ts';
import { freePort } from './free-port.ts';
import { binFolder, programAt } from './project-root.ts';

const DAEMONS = ['munged', 'slurmctld', 'slurmd'];
const PROGRAMS = [...DAEMONS, 'sbatch', 'sinfo'];
/** Daemons are often not on the PATH. */
const PATH = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
const START_SECONDS = 30;

/** A cluster of this computer alone. It claims more processors than there may be, so that all tasks run at once. */
async function configuration(folder: string): Promise<string> {
  return `ClusterName=local
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmdPort=${await freePort()}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge/socket
CredType=cred/munge
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
SlurmdParameters=config_overrides
NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=16 RealMemory=32000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

class Cluster {
  readonly env: Record<string, string>;
  readonly #folder: string;
  readonly #daemons: ChildProcess[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.env = { PATH: PATH.join(delimiter), SLURM_CONF: join(folder, 'slurm.conf') };
  }

  async start(): Promise<void> {
    for (const name of ['munge', 'state', 'spool'])
      mkdirSync(join(this.#folder, name), { recursive: true, mode: 0o700 });
    const place = (name: string) => join(this.#folder, 'munge', name);
    writeFileSync(place('key'), randomBytes(1024), { mode: 0o600 });
    writeFileSync(this.env.SLURM_CONF!, await configuration(this.#folder));
    const files = ['pid', 'log', 'seed'].map(kind => `--${kind}-file=${place(kind)}`);
    const socket = `--socket=${place('socket')}`;
    this.#daemon('munged', ['--foreground', '--force', `--key-file=${place('key')}`, socket, ...files]);
    await this.#until('munged', () => existsSync(place('socket')));
    this.#daemon('slurmctld', ['-D', '-c', '-f', this.env.SLURM_CONF!]);
    this.#daemon('slurmd', ['-D', '-c', '-f', this.env.SLURM_CONF!]);
    await this.#until('Slurm', async () =>
      /idle/.test(await this.run('sinfo', ['--noheader', '--format=%T'])),
    );
  }

  /** Asynchronous: the local cloud answers the tasks from this process. */
  async run(name: string, args: string[], env: Record<string, string> = {}): Promise<string> {
    const options = { cwd: this.#folder, env: { ...env, ...this.env, ...path(env) } };
    return (await promisify(execFile)(programAt(name, PATH)!, args, options)).stdout;
  }

  async stop(): Promise<void> {
    for (const daemon of this.#daemons.reverse()) {
      if (daemon.exitCode !== null) continue;
      daemon.kill();
      await once(daemon, 'exit');
    }
  }

  #daemon(name: string, args: string[]): void {
    this.#daemons.push(spawn(programAt(name, PATH)!, args, { stdio: 'ignore', env: this.env }));
  }

  async #until(name: string, isThere: () => boolean | Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < START_SECONDS * 5; attempt += 1) {
      try {
        if (await isThere()) return;
      } catch {}
      await pause(200);
    }
    throw new Error(`${name} has not started in ${START_SECONDS} s`);
  }
}

/** The tasks find `migrator` first. */
function path({ PATH: first }: Record<string, string>): { PATH: string } {
  return { PATH: [...(first ? [first] : []), ...PATH].join(delimiter) };
}

/** The page's script, with the home and the folder of this test in it. */
function script(home: string, folderId: string): { text: string; count: number } {
  const fences = fencesIn(textOf('docs/scale.md'));
  const { text } = fences.find(fence => fence.text.includes('#SBATCH'))!;
  const count = Number(/^#SBATCH --array=1-(\d+)$/m.exec(text)![1]);
  return { text: text.replaceAll('/shared/migrator', home).replaceAll('FOLDER_ID', folderId), count };
}

async function check(): Promise<void> {
  const sandbox = await Sandbox.open();
  const cluster = new Cluster(join(sandbox.folder, 'slurm'));
  try {
    const sample = sandbox.seedSample();
    const home = await sandbox.home({ folderId: sample.folderId });
    const bin = binFolder(join(sandbox.folder, 'bin'));
    await home.migrator(['scan']);
    await cluster.start();
    const job = join(cluster.env.SLURM_CONF!, '..', 'migrate.sh');
    const { text, count } = script(home.path, sample.folderId);
    writeFileSync(job, text);
    try {
      await cluster.run('sbatch', ['--wait', '--output=task-%a.log', job], { ...home.env, PATH: bin });
    } catch (error) {
      // Some files of the sample folder need a person.
      if ((error as { code?: number }).code !== 3) throw error;
    }
    const log = (task: number) => readFileSync(join(job, '..', `task-${task}.log`), 'utf8');
    for (let task = 1; task <= count; task += 1) {
      const said = `Shard ${task}/${count}, from Slurm's SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT.`;
      if (!log(task).includes(said)) throw new Error(`task ${task} did not say its shard:\n${log(task)}`);
    }
    const runs = join(home.path, 'runs', sample.folderId);
    const manifests = readdirSync(runs).filter(name => /^transfer\.\d+-of-\d+\.ndjson$/.test(name));
    const resumed = await home.migrator(['resume']);
    const verified = await home.migrator(['verify', '--json']);
    if (resumed.code !== 3 || verified.code !== 0)
      throw new Error(`resume: ${resumed.code}, verify: ${verified.code}\n${verified.stderr}`);
    const { objects, links } = expectArrived(sandbox.cloud, sample);
    const version = (await cluster.run('sinfo', ['--version'])).trim();
    console.log(
      `${version}: ${count} tasks, ${manifests.length} of them with files; after resume and verify`,
    );
    console.log(`  ${objects.size} objects and ${links.length} links are there, each once.`);
  } finally {
    await cluster.stop();
    await sandbox.close();
  }
}

const missing = PROGRAMS.filter(name => !programAt(name, PATH));
if (missing.length > 0)
  console.log(`LEFT OUT: ${missing.join(', ')} not installed (Debian: slurm-wlm, munge).`);
else if (process.getuid?.() !== 0) console.log('LEFT OUT: the daemons of Slurm need root.');
else await check();
