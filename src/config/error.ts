/**
 * The configuration cannot be used as it is: a file that is not JSON, wrong values, missing ones, an endpoint that is
 * not safe. `message` says what and where, `remedy` what to do. Never carries a secret.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** For scripts, `snake_case`. */
  readonly code: string;
  readonly remedy: string;
  /** 2 if the fault is in the flags of this very call, otherwise 1 (design: exit codes). */
  readonly exitCode: 1 | 2;

  constructor(
    code: string,
    message: string,
    remedy: string,
    options: { exitCode?: 1 | 2; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.remedy = remedy;
    this.exitCode = options.exitCode ?? 1;
  }
}
