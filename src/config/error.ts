import { RunError } from '../../stages/errors.ts';

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
    super('usage', message, remedy, { exitCode: 2 });
  }
}
