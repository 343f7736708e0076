/**
 * Transfers all files of a run's resolve manifest, or those of one shard, from a source without bytes to a store that keeps
 * nothing. This measures records and manifests alone. Arguments: home, folder id, and optionally `K/N`.
 */
import { Readable } from 'node:stream';
import { chain } from 'stream-chain';
import { checkpointOf } from '../src/run/manifest/checkpoint.ts';
import { Run } from '../src/run/manifest/run.ts';
import { runToEnd, sourceOf } from '../src/run/pipeline.ts';
import { Shutdown } from '../stages/flow/shutdown.ts';
import { stageStream } from '../stages/stage.ts';
import { type FileSource, type ObjectStore, transfer } from '../stages/transfer.ts';
import { WORKERS } from './load.ts';

const source: FileSource = { download: async () => Readable.from([]) };
const store: ObjectStore = {
  urlOf: key => `https://bucket.s3.us-east-1.amazonaws.com/${key}`,
  store: async ({ open, size, md5 }) => {
    (await open()).resume();
    return { bytes: size ?? 0, etag: md5 ?? '', verified: 'md5', storedAt: new Date().toISOString() };
  },
};

const [home = '', folderId = '', part] = process.argv.slice(2);
const [index, count] = part?.split('/').map(Number) ?? [];
const run = new Run(home, folderId, index && count ? { index, count } : null);
const warn = console.error;
const resolved = await run.open('resolve', { write: false, warn });
const manifest = await run.open('transfer', { write: true, warn });

function* members() {
  for (const record of resolved.records()) if (run.takes(record.id)) yield record;
}

const stage = transfer(source, store, { concurrency: WORKERS, backoff: { retries: 0, baseMs: 0, capMs: 0 } });
const { restore, save } = checkpointOf(manifest, { stage: 'transfer', retryOrphans: false });
const stream = chain([sourceOf(members()), restore, stageStream(stage), save]);
await runToEnd(stream, () => {}, new Shutdown());
await manifest.close();
await resolved.close();
