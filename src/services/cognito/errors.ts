import { RunError } from '../../../stages/errors.ts';
import { connectionError, faultOf } from '../../../stages/retry/faults.ts';
import { explain } from '../refusals.ts';
import { ASK_ADMIN, REFUSALS } from './refusals.ts';
import type { SignInKey } from './token-store.ts';

/** What was being done: SRP sign-in, renewal by refresh token, or keys from the identity pool. */
export type Step = 'sign_in' | 'renewal' | 'keys';

export interface Circumstances extends SignInKey {
  step: Step;
  endpoint: string;
  identityPoolId: string;
  now: number;
}

/** The refusal as an error for people, without tokens and passwords. A RunError is returned unchanged. */
export function classify(error: unknown, at: Circumstances): RunError {
  const connection = error instanceof RunError ? error : connectionError(error, at.endpoint);
  return connection ?? explain(REFUSALS, failureOf(error, at));
}

const CHALLENGES: Record<string, { says: string; remedy: string }> = {
  CUSTOM_CHALLENGE: {
    says: 'is asked a question by a Lambda trigger of the user pool (custom authentication)',
    remedy: `Use a user or an app client without custom authentication ("migrator config --username … --client-id …"), ${ASK_ADMIN}.`,
  },
  WEB_AUTHN: {
    says: 'is asked for a passkey, which only a browser has',
    remedy: `Use a user who can sign in with a password ("migrator config --username …"), or set a password for this user in the web application.`,
  },
  MFA_SETUP: {
    says: 'has to set up a second factor first',
    remedy: `Set it up in the web application, then run "migrator login aws" and type its code.`,
  },
  REQUIRED_ATTRIBUTES: {
    says: 'has to fill in more about the user, together with a new password',
    remedy: 'Sign in to the web application once and fill it in there, then run the command again.',
  },
};

export function challengeError(challenge: string | undefined, at: Circumstances): RunError {
  const known = CHALLENGES[challenge ?? ''];
  const name = challenge ?? 'an unknown challenge';
  return new RunError(
    'challenge_not_supported',
    `${at.username} ${known?.says ?? 'is asked for more than a password and a code'}; that (${name}) cannot be done here.`,
    known?.remedy ?? `Use a user who signs in with password and code only, ${ASK_ADMIN}.`,
  );
}

type SdkError = Error & { code: unknown; $response: { headers?: Record<string, string> } };

export type Failure = ReturnType<typeof failureOf>;

function failureOf(error: unknown, at: Circumstances) {
  const { name = 'Error', message, code, $response } = (error ?? {}) as Partial<SdkError>;
  const { status, kind } = faultOf(error);
  const serverTime = Date.parse($response?.headers?.date ?? '');
  // Validation messages may quote what was sent; anything as long as a token is removed.
  const safe = (message ?? String(error)).replace(/[^\s'"]{60,}/g, '…');
  return {
    ...at,
    said: `${at.step} ${name}: ${safe}`,
    name,
    message: safe,
    /** 0 without a response. */
    status: status ?? 0,
    isThrottled: kind === 'throttled',
    /** Node's code of a network fault; '' for others. */
    networkCode: status === null && typeof code === 'string' ? code : '',
    /** This machine's clock minus the service's; 0 without a Date header. */
    clockAheadMs: Number.isNaN(serverTime) ? 0 : at.now - serverTime,
  };
}
