/** How a sign-in in the browser can fail, and what to do. */
import { RunError } from '../../../stages/errors.ts';

export function abandoned(waitedMs: number, inputClosed: boolean): RunError {
  const minutes = Math.round(waitedMs / 60_000);
  const within = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return inputClosed
    ? new RunError(
        'google_sign_in_abandoned',
        `Timed out after ${within}: the Google sign-in was not completed in a browser on this machine, and no address can be pasted because standard input is closed.`,
        'Run "migrator login google --no-browser" at a terminal, or pipe the address in where the browser ended. A scheduled job needs a sign-in from before, or a service-account key.',
      )
    : new RunError(
        'google_sign_in_abandoned',
        `Timed out after ${within}: the Google sign-in was not completed.`,
        'Run "migrator login google" again; with --no-browser it prints the address for a browser on any machine.',
      );
}

export function denied(error: string): RunError {
  if (error === 'access_denied') {
    return new RunError(
      'google_access_denied',
      'Google did not allow the access: it was denied on the consent page.',
      'Run "migrator login google" again and press "Allow". While the consent screen is in "testing", only its test users may: add the account under Audience in the Google Cloud console.',
    );
  }
  return new RunError(
    'google_sign_in_refused',
    `Google ended the sign-in: ${error.replace(/[^\w .-]/g, '').slice(0, 60)}.`,
    'Run "migrator login google" again; if it happens again, make a new OAuth client of type "Desktop app".',
  );
}

export function codeRefused(): RunError {
  return new RunError(
    'google_code_refused',
    'Google does not accept the code of this sign-in: it was used before, or is too old.',
    'Run "migrator login google" again.',
  );
}

export function driveLeftOut(): RunError {
  return new RunError(
    'google_scope',
    'Google gave a token without access to Drive: its box was not ticked on the consent page.',
    'Run "migrator login google" again and leave the box for Drive ticked.',
  );
}

export function withoutRefreshToken(tokenPath: string): RunError {
  return new RunError(
    'google_no_refresh_token',
    `Google gave no refresh token, so there is nothing to keep in ${tokenPath}.`,
    'Remove the access at https://myaccount.google.com/permissions, then run "migrator login google" again.',
  );
}

export function unwritten(tokenPath: string, error: unknown): RunError {
  return new RunError(
    'google_token_not_written',
    `The sign-in succeeded, but ${tokenPath} cannot be written: ${(error as Error).message}.`,
    'Check the folder, or name another file with "migrator config --token-path FILE".',
    { cause: error },
  );
}
