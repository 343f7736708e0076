import type { Upload } from '../../../stages/transfer.ts';
import { CheckedBody } from './checked-body.ts';

/**
 * Opens the upload's bytes and sends them as one checked body. Whichever of download, check and request fails first ends
 * the other two, and its error is the one that is thrown. The SDK alone does not do that: a source that fails would leave
 * the request waiting for the rest of its body, or end the process, and an early response of S3 would leave the download
 * open. `hash`: whether the md5 is compared here.
 */
export async function sendStream<Result>(
  upload: Pick<Upload, 'open' | 'signal' | 'size' | 'md5' | 'fileName'>,
  { hash }: { hash: boolean },
  send: (body: CheckedBody, stop: AbortController) => Promise<Result>,
): Promise<Result> {
  const { signal } = upload;
  const stop = new AbortController();
  const failures: unknown[] = [];
  const body = new CheckedBody(await upload.open(), upload, { hash });
  body.on('error', error => {
    failures.push(error);
    stop.abort(error);
  });
  const giveUp = () => body.destroy(signal!.reason);
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  stop.signal.addEventListener('abort', () => failures.push(stop.signal.reason), { once: true });
  try {
    return await send(body, stop);
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
