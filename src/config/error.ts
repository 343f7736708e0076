import { RunError } from '../../stages/errors.ts';

/** Exit codes. `unfinished`: some files need a person or another run. */
export const EXIT = { ok: 0, fatal: 1, usage: 2, unfinished: 3, interrupted: 130 } as const;

/**
 * The configuration cannot be used: the file is not JSON, or a value is wrong, missing or unsafe. Never carries a
 * secret.
 */
export class ConfigError extends RunError {
  override readonly name = 'ConfigError';
}

/** Wrong flags or arguments; exit code 2. */
export class UsageError extends RunError {
  override readonly name = 'UsageError';

  constructor(message: string, remedy: string) {
    super('usage', message, remedy, { exitCode: EXIT.usage });
  }
}
