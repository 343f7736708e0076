/**
 * The local cloud in a process of its own, so that its CPU time is not counted as the command's. Started with `fork` by
 * the benchmark: told what to hold, it answers with where it is, and later with what was asked of it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCloud } from '../test/cloud/cloud.ts';

export interface CloudOrder {
  home: string;
  files: { count: number; sizeBytes: number }[];
  filesAFolder: number;
  queriesPerSecond: number;
}

export interface CloudReady {
  kind: 'ready';
  environment: Record<string, string>;
  folderId: string;
}

export interface CloudReport {
  kind: 'report';
  /** By service and operation. */
  requests: Record<string, Record<string, number>>;
  objects: number;
  media: number;
  cpuSeconds: number;
}

const FIRST_ID = 1_000_000;

process.once('message', async (order: CloudOrder) => {
  const cloud = await startCloud();
  const { tree } = cloud.drive;
  const folderId = tree.addFolder({ name: 'benchmark' });
  const sizes = order.files.flatMap(({ count, sizeBytes }) => Array<number>(count).fill(sizeBytes));
  let parent = folderId;
  sizes.forEach((size, index) => {
    if (index % order.filesAFolder === 0) parent = tree.addFolder({ name: `${index}`, parent: folderId });
    tree.addFile({ name: `${FIRST_ID + index}.jpg`, parent, content: { size, seed: index + 1 } });
  });
  cloud.appSync.addObservations(sizes.map((_, index) => FIRST_ID + index));
  await cloud.drive.tree.prepare();
  await cloud.writeHome(order.home, { folderId });
  const configPath = join(order.home, 'config.json');
  const config = JSON.parse(readFileSync(configPath, 'utf8'));
  config.google_drive.queries_per_second = order.queriesPerSecond;
  writeFileSync(configPath, JSON.stringify(config));
  process.send!({ kind: 'ready', environment: cloud.environment(order.home), folderId } satisfies CloudReady);

  process.on('message', async message => {
    if (message === 'stop') {
      await cloud.stop();
      process.exit(0);
    }
    const { user, system } = process.cpuUsage();
    const report: CloudReport = {
      kind: 'report',
      requests: Object.fromEntries(
        Object.entries({ drive: cloud.drive, s3: cloud.s3, appSync: cloud.appSync }).map(
          ([name, { service }]) => [name, Object.fromEntries(service.requests)],
        ),
      ),
      objects: cloud.s3.objects().length,
      media: cloud.appSync.media.size,
      cpuSeconds: (user + system) / 1e6,
    };
    process.send!(report);
  });
});
