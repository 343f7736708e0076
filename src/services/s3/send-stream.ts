import type { Readable } from 'node:stream';
import type { Upload } from '../../../stages/transfer.ts';

/**
 * Sends a body. If body or request fails, the other one is ended, and the first error is thrown. The SDK does not do that:
 * after an error of the body the request would wait for the rest of it, or the process would end, and after an early
 * response of S3 the download would stay open.
 */
export async function sendStream<Result>(
  body: Readable,
  { signal }: Pick<Upload, 'signal'>,
  send: (stop: AbortController) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  // The first one is the cause. Each side ends the other, which then fails as well.
  const failures: unknown[] = [];
  const fail = (error: unknown) => {
    failures.push(error);
    stop.abort(error);
  };
  const closed = () => fail(body.errored ?? new Error('the download was closed before its end'));
  body.on('error', fail);
  body.once('close', () => {
    if (!body.readableEnded) closed();
  });
  if (body.destroyed) closed();
  const giveUp = () => body.destroy(signal!.reason);
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  stop.signal.addEventListener('abort', () => failures.push(stop.signal.reason), { once: true });
  try {
    return await send(stop);
  } catch (error) {
    failures.push(error);
    throw failures[0];
  } finally {
    signal?.removeEventListener('abort', giveUp);
    // If the body was not read to its end, its connection to S3 stays busy until the request is aborted.
    if (!body.readableEnded) stop.abort();
    body.destroy();
  }
}
