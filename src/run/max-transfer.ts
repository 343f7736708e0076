/** `--max-transfer`: a run that ends when so much has been read from Drive, because Google limits what leaves it a day. */
import { RunError } from '../../stages/errors.ts';
import type { Shutdown } from '../../stages/flow/shutdown.ts';
import type { FileSource } from '../../stages/transfer.ts';
import { EXIT } from '../config/error.ts';
import { formatBytes } from './text/format.ts';

/** The source; after this many bytes no new files are started, and those in progress are finished. */
export function withTransferLimit(
  source: FileSource,
  limitBytes: number | undefined,
  shutdown: Shutdown,
): FileSource {
  if (limitBytes === undefined) return source;
  const problem = `Stopped: ${formatBytes(limitBytes)} have been transferred (--max-transfer).`;
  const remedy = 'The rest stays pending. Continue with "migrator resume".';
  const reached = new RunError('max_transfer', problem, remedy, { exitCode: EXIT.unfinished });
  let left = limitBytes;
  const download: FileSource['download'] = (record, onBytes, signal) => {
    const count = (bytes: number) => {
      left -= bytes;
      if (left <= 0) shutdown.drain(reached);
      onBytes(bytes);
    };
    return source.download(record, count, signal);
  };
  return { download };
}
