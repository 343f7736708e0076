/** files.get with `alt=media`: the bytes, whole or a range of them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rangeOf } from '../service.ts';
import type { DriveItem } from './drive-tree.ts';
import { DriveError } from './errors.ts';
import { booleanParameter } from './fields.ts';

/** Sends the content as fast as the client takes it. Throws {@link DriveError} while nothing is sent yet. */
export async function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  item: DriveItem,
  parameters: URLSearchParams,
): Promise<void> {
  const { content } = item;
  if (!content) {
    const message = 'Only files with binary content can be downloaded. Use Export with Docs Editors files.';
    throw new DriveError(403, 'fileNotDownloadable', message, { location: 'alt', locationType: 'parameter' });
  }
  if (!item.canDownload) {
    throw new DriveError(403, 'cannotDownloadFile', 'This file cannot be downloaded by the user.');
  }
  if (item.abusive && !booleanParameter(parameters, 'acknowledgeAbuse')) {
    const message = 'This file has been identified as malware or spam and cannot be downloaded.';
    throw new DriveError(403, 'cannotDownloadAbusiveFile', message);
  }

  const range = rangeOf(request.headers.range, content.size);
  if (range === 'outside')
    throw new DriveError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable', {
      location: 'Range',
      locationType: 'header',
    });
  const { start, end } = range ?? { start: 0, end: content.size };
  response.writeHead(range ? 206 : 200, {
    'content-type': item.mimeType,
    'content-length': end - start,
    'content-disposition': 'attachment',
    'accept-ranges': 'bytes',
    ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${content.size}` } : {}),
  });
  try {
    await pipeline(Readable.from(content.slices(start, end), { highWaterMark: 1 }), response);
  } catch (error) {
    // The client went away; whatever else goes wrong is a fault of the cloud.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
