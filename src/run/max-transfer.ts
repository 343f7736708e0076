/** `--max-transfer`: a run that ends when so much has been read from Drive, because Google limits what leaves it a day. */
import { RunError } from '../../stages/errors.ts';
import type { Shutdown } from '../../stages/shutdown.ts';
import type { FileSource } from '../../stages/transfer.ts';
import { EXIT } from '../config/exit-codes.ts';
import { formatBytes } from './text/format.ts';

export class TransferLimitReached extends RunError {
  constructor(limitBytes: number) {
    super(
      'max_transfer',
      `Stopped: ${formatBytes(limitBytes)} have been transferred (--max-transfer).`,
      'The rest stays pending. Continue with "migrator resume".',
      { exitCode: EXIT.unfinished },
    );
  }
}

/** The source; after this many bytes no new files are started, and those in progress are finished. */
export function limited(source: FileSource, limitBytes: number | undefined, shutdown: Shutdown): FileSource {
  if (limitBytes === undefined) return source;
  let left = limitBytes;
  return {
    download: (record, onBytes, signal) =>
      source.download(
        record,
        count => {
          left -= count;
          if (left <= 0) shutdown.drain(new TransferLimitReached(limitBytes));
          onBytes(count);
        },
        signal,
      ),
  };
}
