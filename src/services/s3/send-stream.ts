import type { Readable } from 'node:stream';
import type { Upload } from '../../../stages/transfer.ts';

/**
 * Sends a body. Whichever of body and request fails first ends the other one, and its error is the one that is thrown. The
 * SDK alone does not do that: a body that fails would leave the request waiting for the rest of it, or end the process, and
 * an early response of S3 would leave the download open.
 */
export async function sendStream<Result>(
  body: Readable,
  { signal }: Pick<Upload, 'signal'>,
  send: (stop: AbortController) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const failures: unknown[] = [];
  const fail = (error: unknown) => {
    failures.push(error);
    stop.abort(error);
  };
  body.on('error', fail);
  body.once('close', () => {
    if (!body.readableEnded) fail(body.errored ?? new Error('the download was closed before its end'));
  });
  if (body.destroyed) fail(body.errored);
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
    // A body that was not read to its end keeps its connection to S3 busy until it is aborted.
    if (!body.readableEnded) stop.abort();
    body.destroy();
  }
}
