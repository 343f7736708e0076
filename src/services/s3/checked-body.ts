import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Upload } from '../../../stages/transfer.ts';
import { throughStream } from '../byte-stream.ts';
import { md5Differs, wrongSize } from '../wrong-bytes.ts';

type CheckedBody = Readable & { bytes: number };

/** The bytes of a source, which fail before their end if their size or md5 is not the announced one. */
export function checkedBody(
  source: Readable,
  expected: Pick<Upload, 'size' | 'md5' | 'fileName'>,
): CheckedBody {
  const { size, md5, fileName } = expected;
  async function* checked(): AsyncGenerator<Buffer> {
    const hash = md5 === null ? null : createHash('md5');
    for await (const chunk of source as AsyncIterable<Buffer>) {
      body.bytes += chunk.length;
      if (size !== null && body.bytes > size) throw wrongSize(fileName, size, body.bytes);
      hash?.update(chunk);
      yield chunk;
    }
    if (size !== null && body.bytes < size) throw wrongSize(fileName, size, body.bytes);
    const found = hash?.digest('hex') ?? null;
    if (found !== md5) throw md5Differs(expected, found);
  }
  const body = Object.assign(throughStream(source, checked()), { bytes: 0 });
  return body;
}
