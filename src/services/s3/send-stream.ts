import { pipeline, type Transform } from 'node:stream';
import type { Upload } from '../../../stages/transfer.ts';

/**
 * Opens the upload's bytes, passes them through `body` and sends that. Whichever of the three fails first ends the other
 * two, and its error is the one that is thrown. The SDK alone does not do that: a source that fails would leave the request
 * waiting for the rest of its body, or end the process, and an early answer of S3 would leave the download open.
 */
export async function sendStream<Result>(
  { open, signal }: Pick<Upload, 'open' | 'signal'>,
  body: Transform,
  send: (stop: AbortController) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const failures: unknown[] = [];
  const source = await open();
  pipeline(source, body, error => {
    if (!error) return;
    failures.push(error);
    stop.abort(error);
  });
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
