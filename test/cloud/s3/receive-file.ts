/** The way of a body to disk: checked first, among the objects afterwards. */
import { planBody, type ReceivedBody, receiveBody } from './body.ts';
import type { ContentFile } from './content.ts';
import { S3Error } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { FileSink } from './file-sink.ts';

/** For one PUT or one part ("Amazon S3 multipart upload limits"). */
const MAX_BYTES = 5 * 1024 ** 3;

/**
 * @throws S3Error when the body is not what its headers say; nothing is left of it then
 * @throws ClientGone when the connection ended too early; nothing is left then either
 */
export async function receiveFile(
  exchange: Exchange,
): Promise<{ received: ReceivedBody; file: ContentFile }> {
  const { authenticated, bucket, request } = exchange;
  const plan = planBody(authenticated, true);
  if (plan.sizeBytes > MAX_BYTES) {
    throw new S3Error('EntityTooLarge', null, {
      ProposedSize: String(plan.sizeBytes),
      MaxSizeAllowed: String(MAX_BYTES),
    });
  }
  const sink = new FileSink(bucket.store.newPaths());
  try {
    const received = await receiveBody(request, plan, sink);
    return { received, file: { path: await sink.accept(), sizeBytes: received.sizeBytes } };
  } catch (error) {
    await sink.discard();
    throw error;
  }
}
