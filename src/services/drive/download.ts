/**
 * One file from Drive as one Node stream. A download that breaks continues by Range inside the same stream, so whoever
 * reads it does not notice. A file that has not the size that Drive listed fails.
 */
import type { Readable } from 'node:stream';
import { streamOf } from '../stream-of.ts';
import { wrongSize } from '../wrong-bytes.ts';
import { BUFFER_BYTES, type DriveResponse } from './http.ts';

/** One for all: the default reason takes a stack trace for each file. */
const NO_LONGER_WANTED = new Error('the download was cancelled');

export interface FileSource {
  /** How messages name the file. */
  fileName: string;
  /** Bytes that the file has; null if nobody knows. */
  size: number | null;
  /** Opens the body at an offset. */
  open(offset: number, signal: AbortSignal): Promise<DriveResponse>;
  /** Called with the number of bytes that arrived. */
  onBytes: (count: number) => void;
  /** True if a download that broke with this error may continue. `breaks`: how often in a row, without a byte between. */
  mayContinue(error: unknown, breaks: number): boolean;
  /** The error that the reader gets. */
  explain(error: unknown): Error;
  signal?: AbortSignal;
}

/** Resolves when the response starts. Throws what `source.explain` makes of an error. */
export async function openDownload(source: FileSource): Promise<Readable> {
  const { signal } = source;
  signal?.throwIfAborted();
  const stop = new AbortController();
  let stream: Readable | null = null;
  const giveUp = () => {
    stop.abort(signal!.reason);
    stream?.destroy(signal!.reason);
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  const end = () => {
    signal?.removeEventListener('abort', giveUp);
    stop.abort(NO_LONGER_WANTED);
  };
  try {
    const first = await source.open(0, stop.signal);
    stream = streamOf(chunksOf(first, source, stop.signal), BUFFER_BYTES, end);
    return stream;
  } catch (error) {
    end();
    throw signal?.aborted ? signal.reason : source.explain(error);
  }
}

async function* chunksOf(
  first: DriveResponse,
  source: FileSource,
  stop: AbortSignal,
): AsyncGenerator<Buffer> {
  const { fileName, size, onBytes, open, mayContinue, explain } = source;
  let offset = 0;
  let breaks = 0;
  for (let response: DriveResponse | null = first; ; ) {
    try {
      response ??= await open(offset, stop);
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        offset += chunk.length;
        breaks = 0;
        onBytes(chunk.length);
        if (size !== null && offset > size) throw wrongSize(fileName, size, offset);
        yield chunk;
      }
      if (size === null || offset >= size) return;
      // A proxy may end a body in good order although the connection to Drive broke.
      throw new Error(`it ended after ${offset} of ${size} bytes`);
    } catch (error) {
      breaks += 1;
      if (stop.aborted || offset === 0 || !mayContinue(error, breaks)) throw explain(error);
      response = null;
    }
  }
}
