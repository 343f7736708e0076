import { RunError } from '../../../stages/errors.ts';
import type { Env } from '../../config/home.ts';

export interface Streams {
  input?: NodeJS.ReadStream;
  output?: NodeJS.WriteStream;
}

interface Question {
  message: string;
  validate?: (text: string) => boolean | string;
}

/** Opens prompts at the terminal. Ctrl-C throws inquirer's `ExitPromptError`. */
export type OpenPrompts = (streams: Streams) => Promise<{
  input(question: Question): Promise<string>;
  password(question: Question): Promise<string>;
}>;

export interface PromptOptions extends Streams {
  env: Env;
  username: string;
  openPrompts: OpenPrompts;
}

/**
 * Asks for the password of a user: AMPLIFY_MEDIA_MIGRATOR_PASSWORD if it is set, otherwise a prompt that shows nothing,
 * on standard error so that standard output stays data. The password is never a flag: flags are seen by `ps`.
 *
 * Throws {@link RunError} `no_password` if standard input is not a terminal, and lets inquirer's `ExitPromptError`
 * (Ctrl-C) through.
 */
export function passwordFrom(options: PromptOptions): () => Promise<string> {
  const { env, username, input = process.stdin } = options;
  return async () => {
    if (env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD) return env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD;
    if (!input.isTTY) {
      throw new RunError(
        'no_password',
        `There is no password for ${username}, and standard input is not a terminal.`,
        'Run "migrator login aws" on a terminal first (the sign-in is kept), or set AMPLIFY_MEDIA_MIGRATOR_PASSWORD in the environment.',
      );
    }
    const { password } = await options.openPrompts(options);
    return password({
      message: `Password of ${username} (Cognito)`,
      validate: text => text !== '' || 'The password cannot be empty.',
    });
  };
}
