/** The log of a command: JSON lines in the home folder, for looking into a run afterwards. */
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { refusePlantedLink } from '../config/files/foreign-file.ts';
import { makePrivateFolder } from '../config/files/private-folder.ts';
import { APPEND } from '../config/files/replace-file.ts';
import { logsFolder } from '../config/home.ts';
import { withoutSecrets } from '../config/secrets.ts';
import { visibleLines } from '../run/text/visible.ts';

export type { Logger } from 'pino';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** As part of a file name: `20261122T150412Z`. */
export function timestamp(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d+/g, '');
}

/**
 * Opens `logs/{name}_{timestamp}.log`. Level: `--verbose` is debug, then LOG_LEVEL (in any case; Python's names WARNING
 * and CRITICAL too), then info. Gives null if the folder cannot be written: a log is not worth a run.
 */
export async function openLog(options: {
  home: string;
  name: string;
  verbose: boolean;
  env: Record<string, string | undefined>;
  now?: Date;
}): Promise<{ logger: Logger; path: string } | null> {
  const { home, name, verbose, env, now = new Date() } = options;
  const path = join(logsFolder(home), `${name}_${timestamp(now)}.log`);
  try {
    refusePlantedLink(logsFolder(home));
    makePrivateFolder(logsFolder(home));
    const { default: pino } = await import('pino');
    const level = verbose ? 'debug' : levelOf(env.LOG_LEVEL);
    const destination = pino.destination({ dest: openSync(path, APPEND, 0o600), sync: true });
    const password = env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD ?? '';
    const known = [password, JSON.stringify(password).slice(1, -1)];
    // An error of somebody else's code may carry anything, so the line as a whole is looked through.
    const clean = {
      write: (line: string) => void destination.write(visibleLines(withoutSecrets(line, known))),
    };
    return {
      path,
      logger: pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, clean),
    };
  } catch {
    return null;
  }
}

function levelOf(name: string | undefined): string {
  const level = (name ?? 'info').toLowerCase();
  if (level === 'warning') return 'warn';
  if (level === 'critical') return 'fatal';
  return LEVELS.includes(level) ? level : 'info';
}
