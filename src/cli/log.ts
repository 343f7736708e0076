/** The log of a command: JSON lines in the home folder. */
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ConfigError, EXIT } from '../config/error.ts';
import { refusePlantedLink } from '../config/files/foreign-file.ts';
import { APPEND, makePrivateFolder } from '../config/files/private-files.ts';
import { type Env, logsFolder } from '../config/home.ts';
import { withoutSecrets } from '../config/secrets.ts';
import { visibleLines } from '../run/text/visible.ts';

export type { Logger } from 'pino';

interface Log {
  logger: Logger;
  path: string;
}

interface LogOptions {
  verbose: boolean;
  env: Env;
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];
/** Levels as Python names them, which LOG_LEVEL may have. */
const PYTHON_LEVELS: Readonly<Record<string, string>> = { warning: 'warn', critical: 'fatal' };

/** Opens the file that `--log-file` names, to append to it. Throws ConfigError if that is not possible. */
export async function openLogFile(path: string, options: LogOptions): Promise<Log> {
  let fd: number;
  try {
    fd = openSync(path, 'a', 0o600);
  } catch (error) {
    throw new ConfigError(
      'log_file_unwritable',
      `The log cannot be written to ${path}: ${(error as Error).message}.`,
      'Give --log-file a file in an existing folder that you may write to.',
      { exitCode: EXIT.usage },
    );
  }
  return { path, logger: await loggerTo(fd, options) };
}

/** Opens `logs/{name}_{timestamp}.log`. Returns null if the folder is not writable: the command runs without a log. */
export async function openLog(home: string, name: string, options: LogOptions): Promise<Log | null> {
  // 20261122T150412Z
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const path = join(logsFolder(home), `${name}_${timestamp}.log`);
  try {
    refusePlantedLink(logsFolder(home));
    makePrivateFolder(logsFolder(home));
    return { path, logger: await loggerTo(openSync(path, APPEND, 0o600), options) };
  } catch {
    return null;
  }
}

async function loggerTo(fd: number, { verbose, env }: LogOptions): Promise<Logger> {
  const { default: pino } = await import('pino');
  const destination = pino.destination({ dest: fd, sync: true });
  const passwords = [env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD ?? '', env.MIGRATOR_QUOTA_REDIS_PASSWORD ?? ''];
  const known = passwords.flatMap(password => [password, JSON.stringify(password).slice(1, -1)]);
  // Errors of libraries may contain secrets anywhere, so the whole line is searched.
  const clean = {
    write: (line: string) => void destination.write(visibleLines(withoutSecrets(line, known))),
  };
  const options = {
    level: verbose ? 'debug' : levelOf(env.LOG_LEVEL),
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  return pino(options, clean);
}

/** LOG_LEVEL may be in any case. */
function levelOf(name = 'info'): string {
  const level = PYTHON_LEVELS[name.toLowerCase()] ?? name.toLowerCase();
  return LEVELS.includes(level) ? level : 'info';
}
