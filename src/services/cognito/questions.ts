/** What Cognito may want to know at a sign-in, and who is asked: a person at the terminal, or the lines of a script. */
import { RunError } from '../../../stages/errors.ts';
import type { Env } from '../../config/home.ts';

type CodeChallenge = 'SOFTWARE_TOKEN_MFA' | 'SMS_MFA' | 'SMS_OTP' | 'EMAIL_OTP';

export interface Questions {
  password(): Promise<string>;
  /** `sentTo`: where the code went, null if it went nowhere. `wrong`: what was wrong with the last answer, null at first. */
  code(challenge: CodeChallenge, sentTo: string | null, wrong: string | null): Promise<string>;
  newPassword(wrong: string | null): Promise<string>;
  /** How often a wrong answer may be followed by another one. */
  readonly retries: number;
}

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

const CODES: Record<CodeChallenge, string> = {
  SOFTWARE_TOKEN_MFA: 'Code from the authenticator app',
  SMS_MFA: 'Code from the text message',
  SMS_OTP: 'Code from the text message',
  EMAIL_OTP: 'Code from the e-mail',
};

const TYPING_RETRIES = 2;

/** Asks the person at the terminal. The password may come from the environment; never from a flag, which `ps` shows. */
export function questionsFor(
  options: Streams & { env: Env; username: string; openPrompts: OpenPrompts },
): Questions {
  const { env, username, input = process.stdin } = options;
  const promptsFor = (wants: string) => {
    if (input.isTTY) return options.openPrompts(options);
    throw new RunError(
      'challenge_needs_terminal',
      `Cognito wants ${wants} from ${username}, but standard input is not a terminal.`,
      'Run "migrator login aws" on a terminal; the sign-in is kept, and this command then needs no answer.',
    );
  };
  return {
    retries: TYPING_RETRIES,
    async password() {
      if (env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD) return env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD;
      if (!input.isTTY)
        throw new RunError(
          'no_password',
          `There is no password for ${username}, and standard input is not a terminal.`,
          'Run "migrator login aws" on a terminal first (the sign-in is kept), or set AMPLIFY_MEDIA_MIGRATOR_PASSWORD in the environment.',
        );
      const { password } = await options.openPrompts(options);
      return password({ message: `Password of ${username} (Cognito)`, validate: isFilled });
    },
    async code(challenge, sentTo, wrong) {
      const { input } = await promptsFor(`a code (${challenge})`);
      const where = sentTo ? ` to ${sentTo}` : '';
      const message = `${wrong ? `${wrong} ` : ''}${CODES[challenge]}${where}, for ${username}:`;
      const validate = (text: string) => /^\s*\d[\d ]+$/.test(text) || 'A code is made of digits.';
      return (await input({ message, validate })).replaceAll(' ', '');
    },
    async newPassword(wrong) {
      const { password } = await promptsFor('a new password (NEW_PASSWORD_REQUIRED)');
      const message = `${wrong ?? 'The first password was for one sign-in only.'} New password of ${username}`;
      const first = await password({ message, validate: isFilled });
      await password({
        message: 'The same once more',
        validate: text => text === first || 'That was not the same.',
      });
      return first;
    },
  };
}

/** Answers from a script: the first line is the password, each further one the answer to what Cognito asks for next. */
export function questionsFromLines(text: string, username: string): Questions {
  const lines = text.split(/\r?\n/);
  const next = (wants: string, remedy: string): string => {
    const line = lines.shift();
    if (line) return line;
    throw new RunError('no_password', `Standard input has no line with ${wants} for ${username}.`, remedy);
  };
  const more = 'Put it on the line after the password, or run "migrator login aws" on a terminal.';
  return {
    retries: 0,
    password: async () =>
      next('the password', 'Pipe it in: migrator login aws --password-stdin < password-file.'),
    code: async challenge => next(`the code that Cognito asks for (${challenge})`, more),
    newPassword: async () => next('the new password that Cognito asks for (NEW_PASSWORD_REQUIRED)', more),
  };
}

const isFilled = (text: string) => text !== '' || 'The password cannot be empty.';
