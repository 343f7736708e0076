/** Where a command's table goes: standard output or a file, as JSON, NDJSON or CSV. */
import { constants, existsSync, type Stats } from 'node:fs';
import { lstat, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Flags } from '@oclif/core';
import { RunError } from '../../stages/errors.ts';
import type { Shutdown } from '../../stages/flow/shutdown.ts';
import { ConfigError } from '../config/error.ts';
import { replaceFile, targetOf } from '../config/files/private-files.ts';
import { FORMATS, type Format } from '../results/format.ts';
import { shutDownOnSignals } from './interruption.ts';
import { unguarded } from './ui/guarded-streams.ts';

const FORMAT_OF_EXTENSION: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
};

/** Text is written in chunks of about this size; one write per row would be slow. */
const CHUNK_CHARACTERS = 64 * 1024;

export const outputFlags = {
  output: Flags.string({
    char: 'o',
    description: 'write to this file, replacing it ("-" or no flag: standard output)',
    helpValue: 'FILE',
  }),
  format: Flags.option({
    options: FORMATS,
    description: "format of the output; default: by the file's extension",
  })(),
};

/**
 * What the flags say. Throws ConfigError (usage) for `--json` with another format, RunError for a file whose folder does
 * not exist, so that the work is not done in vain.
 */
export function outputOf(
  flags: { output?: string; format?: Format; json?: boolean },
  otherwise: Format,
): { format: Format; path: string | null } {
  const path = flags.output === undefined || flags.output === '-' ? null : flags.output;
  if (path !== null && !existsSync(dirname(path))) throw unwritable(path, 'its folder does not exist');
  if (path === null && flags.json && flags.format && flags.format !== 'json') {
    throw new ConfigError(
      'two_formats',
      `--json is the same as --format json, and --format says ${flags.format}.`,
      'Give one of the two.',
      { exitCode: 2 },
    );
  }
  const ofFile = path === null ? undefined : FORMAT_OF_EXTENSION[extname(path).toLowerCase()];
  // With --json and a file, standard output gets JSON about it, and the file has the format of its extension.
  const format = flags.format ?? ofFile ?? (flags.json ? 'json' : otherwise);
  return { path, format };
}

/** The streams of this process as the system names them, as in `--output >(gzip > report.html.gz)`. */
const STANDARD_STREAM = /^\/(?:dev\/(?:stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/;

const NO_LINK = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * Writes the text to its place; a file is there as a whole or, after an error or Ctrl-C, as it was before. Its mode follows the
 * umask, or stays that of the existing file: exports are meant to be shared. Throws RunError if the file cannot be written,
 * and errors of the text's source.
 */
export async function writeOutput(
  path: string | null,
  text: AsyncIterable<string>,
  shutdown: Shutdown,
): Promise<void> {
  const chunks = inChunks(text, shutdown);
  if (path === null) return pipeline(chunks, unguarded(process.stdout), { end: false });
  const release = shutDownOnSignals(shutdown, () => {});
  try {
    const target = targetOf(path);
    const found = await lstat(target).catch(() => null);
    if (STANDARD_STREAM.test(path)) await writeFile(path, chunks);
    // A pipe or a device cannot be replaced.
    else if (found && isPipeOrDevice(found)) await writeFile(target, chunks, { flag: NO_LINK });
    else await replaceFile(path, chunks, { mode: 0o666, keepsMode: true });
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (!syscall || code === 'ENOSPC' || code === 'EDQUOT') throw error;
    throw unwritable(path, message);
  } finally {
    release();
  }
}

async function* inChunks(text: AsyncIterable<string>, shutdown: Shutdown): AsyncGenerator<string> {
  let chunk = '';
  for await (const piece of text) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    // Without this pause, rows in memory would block signal handlers.
    await new Promise(resolve => setImmediate(resolve));
    if (shutdown.reason) throw shutdown.reason;
    yield chunk;
    chunk = '';
  }
  if (chunk) yield chunk;
}

/** A pipe of another user would send the content to that user. */
function isPipeOrDevice(found: Stats): boolean {
  return (found.isFIFO() && [0, process.getuid?.()].includes(found.uid)) || found.isCharacterDevice();
}

function unwritable(path: string, why: string): RunError {
  return new RunError(
    'output_unwritable',
    `${path} cannot be written: ${why}.`,
    'Choose a file in an existing folder that you can write to with --output.',
  );
}
