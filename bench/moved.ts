/** Moves a load from the local Drive to the local S3, by the command and by the ceiling in turn, and tells what each took. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../test/project-root.ts';
import type { CeilingJob } from './ceiling.ts';
import type { CloudReport } from './cloud-process.ts';
import { folderOf, type Load, MIB, nameOfLoad, PART_BYTES, WORKERS } from './load.ts';
import { LocalCloud } from './local-cloud.ts';
import { COMMAND, measure, type Usage } from './measured-process.ts';

export interface Move {
  usage: Usage;
  report: CloudReport;
}

export interface Moved {
  /** Folders below the migrated one. */
  folders: number;
  command: Move[];
  ceiling: Move[];
}

const known = new Map<string, Promise<Moved>>();

/** Several times, ceiling and command in turn. What was measured in this process is not measured again. */
export function moved(load: Load, repetitions = 5): Promise<Moved> {
  const name = nameOfLoad(load);
  const result = known.get(name) ?? inTurn(load, repetitions);
  known.set(name, result);
  return result;
}

function inTurn(load: Load, repetitions: number): Promise<Moved> {
  return LocalCloud.with({ folder: folderOf(load) }, async cloud => {
    const result: Moved = { folders: cloud.ready.folders, command: [], ceiling: [] };
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const ceiling = await byCeiling(cloud, load);
      const command = await byCommand(cloud, load);
      result.ceiling.push(ceiling);
      result.command.push(command);
      const told = ({ usage }: Move) => `${usage.seconds.toFixed(1)} s, ${usage.cpuSeconds.toFixed(1)} CPU s`;
      console.error(`  ${nameOfLoad(load)}: ceiling ${told(ceiling)}; ours ${told(command)}`);
    }
    return result;
  });
}

/** @throws Error when not every file arrived */
export async function byCommand(cloud: LocalCloud, load: Load, node: string[] = []): Promise<Move> {
  const { environment } = await cloud.newHome();
  await cloud.reset();
  const usage = await measure({
    node,
    arguments: [COMMAND, 'migrate', '--folder-id', cloud.ready.folderId],
    environment,
  });
  const report = await arrived(cloud, load);
  if (report.media !== load.files)
    throw new Error(`${report.media} media records of ${load.files} were made`);
  return { usage, report };
}

async function byCeiling(cloud: LocalCloud, load: Load): Promise<Move> {
  const { drive, s3, files } = cloud.ready;
  const job: CeilingJob = { drive, s3, files, concurrency: WORKERS, partBytes: PART_BYTES };
  const jobPath = join(cloud.folder, 'ceiling.json');
  writeFileSync(jobPath, JSON.stringify(job), { mode: 0o600 });
  await cloud.reset();
  const usage = await measure({ arguments: [join(projectRoot(), 'dist', 'bench', 'ceiling.js'), jobPath] });
  return { usage, report: await arrived(cloud, load) };
}

/** What the cloud has, which must be everything. */
export async function arrived(cloud: LocalCloud, load: Load): Promise<CloudReport> {
  const report = await cloud.report();
  if (report.objects !== load.files || report.bytes !== load.files * load.mib * MIB) {
    throw new Error(`${report.objects} objects of ${load.files} arrived, with ${report.bytes} bytes`);
  }
  return report;
}
