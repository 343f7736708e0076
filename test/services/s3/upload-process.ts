/**
 * A process of its own that uploads, for tests of what an upload does to its process. Reads keys and bucket from the
 * variable UPLOAD, the endpoint from AWS_ENDPOINT_URL_S3; writes one line of JSON.
 *
 *     node upload-process.js broken-sources | memory
 */
import { Storage } from '../../../src/services/s3/storage.ts';
import { FileError } from '../../../stages/errors.ts';
import { bytesOf, MIB, PART_BYTES, SETTINGS, uploadOf } from './local-storage.ts';

interface Access {
  bucket: string;
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
}

const access = JSON.parse(process.env.UPLOAD!) as Access;

const connect = () =>
  Storage.connect({
    bucket: access.bucket,
    region: 'us-east-1',
    credentials: Object.assign(async () => access.keys, { memoized: true as const, drop: () => {} }),
    ...SETTINGS,
    warn: () => {},
  });

/** Sources that fail in the ways a download can, at every stage of an upload; what each upload ended with. */
async function brokenSources(): Promise<string[]> {
  const storage = await connect();
  const content = bytesOf(14 * MIB);
  const outcomes: string[] = [];
  const later = () => new Promise(resolve => setImmediate(resolve));
  for (const size of [1000, 14 * MIB]) {
    for (const goodBytes of [0, 500, 65_536, PART_BYTES, 13 * MIB]) {
      if (goodBytes >= size) continue;
      for (const isLate of [false, true]) {
        const bytes = async function* (): AsyncGenerator<Buffer> {
          for (let at = 0; at < goodBytes; at += 65_536)
            yield content.subarray(at, Math.min(goodBytes, at + 65_536));
          if (isLate) for (let i = 0; i < 20; i += 1) await later();
          throw new FileError('download_broken', 'broke', { retryable: true });
        };
        const upload = uploadOf(content.subarray(0, size), {
          key: `media/${size}/${goodBytes}-${isLate}.jpg`,
          bytes: bytes(),
        });
        const outcome = await storage.store(upload).then(
          () => 'stored',
          (error: FileError) => error.code,
        );
        outcomes.push(outcome);
      }
    }
  }
  // Whatever was left behind unhandled has time to end the process.
  for (let i = 0; i < 100; i += 1) await later();
  storage.close();
  return outcomes;
}

/** MiB by which the process grew at most, while a file of 200 MiB went through it. */
async function memory(): Promise<number> {
  const storage = await connect();
  const content = bytesOf(12 * MIB);
  await storage.store(uploadOf(content, { key: 'media/warm-up/1.mov' }));
  const before = process.memoryUsage.rss();
  let most = before;
  const size = 200 * MIB;
  const bytes = async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < size; at += 65_536) {
      most = Math.max(most, process.memoryUsage.rss());
      // Of its own each time, as what comes off a socket is.
      yield Buffer.from(content.subarray(at % (12 * MIB - 65_536)).subarray(0, 65_536));
    }
  };
  await storage.store(uploadOf(Buffer.alloc(0), { key: 'media/1/1.mov', size, md5: null, bytes: bytes() }));
  storage.close();
  return (most - before) / MIB;
}

const result = process.argv[2] === 'memory' ? await memory() : await brokenSources();
console.log(JSON.stringify(result));
