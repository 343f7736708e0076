/** What Cognito's refusals mean and what to do. Names and messages are those of the Cognito API reference. */
import { RunError } from '../../../stages/errors.ts';
import { connectionError, faultOf } from '../../../stages/retry/faults.ts';
import { type ErrorRule, explain } from '../error-rules.ts';
import type { SignInKey } from './sign-in-key.ts';

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
  return connection ?? explain(ERROR_RULES, failureOf(error, at));
}

type SdkError = Error & { code: unknown; $response: { headers?: Record<string, string> } };

type Failure = ReturnType<typeof failureOf>;

function failureOf(error: unknown, at: Circumstances) {
  const { name = 'Error', message, code, $response } = (error ?? {}) as Partial<SdkError>;
  const { status, kind } = faultOf(error);
  const serverTime = Date.parse($response?.headers?.date ?? '');
  // Validation messages may quote what was sent; anything as long as a token is removed.
  const safe = (message ?? String(error)).replace(/[^\s'"]{60,}/g, '…');
  return {
    ...at,
    text: `${at.step} ${name}: ${safe}`,
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

const SKEW_MS = 5 * 60_000;
const CONSOLE = 'in the Cognito console (User pools, Users)';
export const ASK_ADMIN = `or ask the administrator of the Amplify project to do it ${CONSOLE}`;
const CLIENT_FLOWS = 'or allow it: Cognito console, App clients, Authentication flows.';

/** Read from the top: the first row that fits wins. */
const ERROR_RULES: readonly ErrorRule<Failure>[] = [
  {
    code: 'client_has_secret',
    when: / NotAuthorizedException: .*secret/i,
    message: at => `The app client ${at.clientId} has a client secret; only clients without one can be used.`,
    remedy:
      'Use the client that Amplify made (user_pool_client_id in amplify_outputs.json): "migrator config --client-id …".',
  },
  {
    code: 'user_disabled',
    when: / NotAuthorizedException: .*disabled/i,
    message: at => `The user ${at.username} is disabled in user pool ${at.userPoolId}.`,
    remedy: `Enable the user ${CONSOLE}, then run the command again.`,
  },
  {
    code: 'too_many_attempts',
    when: / NotAuthorizedException: .*attempts exceeded/i,
    message: at => `Cognito has locked ${at.username} for a while after too many wrong passwords.`,
    remedy: 'Wait 15 minutes, check the password, then run the command again.',
  },
  {
    // SRP signs the time. The clock is only a likely reason, so the remedy mentions the password as well.
    code: 'clock_skew',
    when: at => /^sign_in NotAuthorizedException/.test(at.text) && Math.abs(at.clockAheadMs) > SKEW_MS,
    message: at =>
      `Cognito refused the sign-in of ${at.username}; the clock of this machine is ${Math.round(Math.abs(at.clockAheadMs) / 60_000)} minutes ${at.clockAheadMs > 0 ? 'ahead' : 'behind'}.`,
    remedy:
      'Set the clock of this machine (switch on automatic time) and run the command again. If it is still refused, the user name or password is wrong.',
  },
  {
    code: 'challenge_timed_out',
    when: /^sign_in NotAuthorizedException: .*session/i,
    message: at => `The sign-in of ${at.username} took too long: Cognito waits three minutes for an answer.`,
    remedy: 'Run the command again.',
  },
  {
    code: 'wrong_password',
    when: /^sign_in NotAuthorizedException:/,
    message: at => `Cognito refused the sign-in of ${at.username}: wrong user name or password.`,
    remedy:
      'Check the password (AMPLIFY_MEDIA_MIGRATOR_PASSWORD, if it is set) and the user name ("migrator show"; with Amplify it is the e-mail address).',
  },
  {
    code: 'sign_in_expired',
    when: /^renewal (NotAuthorized|RefreshTokenReuse)Exception:/,
    message: at =>
      `The sign-in of ${at.username} has ended: ${at.name.startsWith('Refresh') ? 'another process has used up its refresh token (rotation)' : 'its refresh token was revoked or has expired'}.`,
    remedy:
      'Nothing is lost. Sign in with "migrator login aws", then continue with "migrator resume" (or the same command again).',
  },
  {
    code: 'identity_token_expired',
    when: /^keys NotAuthorizedException: .*expired/i,
    message: at => `Identity pool ${at.identityPoolId} refused the ID token of ${at.username} as expired.`,
    remedy: 'Run the command again. If it happens again, check the clock of this machine.',
  },
  {
    code: 'identity_pool_refuses',
    when: /^keys NotAuthorizedException:/,
    message: at =>
      `Identity pool ${at.identityPoolId} gives ${at.username} no keys: it does not know user pool ${at.userPoolId} with client ${at.clientId}, or no role fits.`,
    remedy:
      'Take user pool, client and identity pool from the same project: "migrator config --from amplify_outputs.json".',
  },
  {
    code: 'wrong_code',
    when: / CodeMismatchException:/,
    message: at => `Cognito does not accept the code of ${at.username}.`,
    remedy:
      'Run the command again with a new code; if it is still refused, check the clock of the device that shows it.',
  },
  {
    code: 'code_expired',
    when: / ExpiredCodeException:/,
    message: at => `The code of ${at.username} has expired, or was used before.`,
    remedy: 'Wait for the next code (30 seconds in an app), then run the command again.',
  },
  {
    code: 'new_password_refused',
    when: / (InvalidPassword|PasswordHistoryPolicyViolation)Exception:/,
    message: at => `Cognito does not accept the new password of ${at.username}: ${at.message}`,
    remedy: 'Run "migrator login aws" again and choose another one.',
  },
  {
    code: 'user_unknown',
    when: / UserNotFoundException:/,
    message: at => `User pool ${at.userPoolId} has no user ${at.username}.`,
    remedy: `Correct the name with "migrator config --username …" (with Amplify it is the e-mail address), ${ASK_ADMIN}.`,
  },
  {
    code: 'password_reset_required',
    when: / PasswordResetRequiredException:/,
    message: at => `The password of ${at.username} has to be reset before the user can sign in.`,
    remedy: `Reset it by "Forgot password" in the web application, ${ASK_ADMIN}.`,
  },
  {
    code: 'user_not_confirmed',
    when: / UserNotConfirmedException:/,
    message: at => `The user ${at.username} has never confirmed the sign-up.`,
    remedy: `Confirm it in the web application with the code that was sent, ${ASK_ADMIN}.`,
  },
  {
    code: 'identity_pool_unknown',
    when: /^keys ResourceNotFoundException:/,
    message: at => `There is no identity pool ${at.identityPoolId} at ${at.endpoint}.`,
    remedy:
      'Check aws.cognito.identity_pool_id and aws.region ("migrator show"), or take both from the project: "migrator config --from amplify_outputs.json".',
  },
  {
    code: 'user_pool_unknown',
    when: / ResourceNotFoundException:/,
    message: at => `There is no user pool ${at.userPoolId} with app client ${at.clientId} at ${at.endpoint}.`,
    remedy:
      'Check user pool, client and region ("migrator show"), or take them from the project: "migrator config --from amplify_outputs.json".',
  },
  {
    code: 'srp_not_enabled',
    when: /^sign_in InvalidParameterException: .*(not enabled|not supported|auth ?flow|SRP)/i,
    message: at => `The app client ${at.clientId} does not allow sign-in by SRP (ALLOW_USER_SRP_AUTH).`,
    remedy: `Use the client that Amplify made (it allows SRP), ${CLIENT_FLOWS}`,
  },
  {
    code: 'renewal_not_enabled',
    when: /^renewal InvalidParameterException:/,
    message: at =>
      `The app client ${at.clientId} does not allow tokens to be renewed (ALLOW_REFRESH_TOKEN_AUTH).`,
    remedy: `Use the client that Amplify made, ${CLIENT_FLOWS}`,
  },
  {
    code: 'identity_pool_roles',
    when: / InvalidIdentityPoolConfigurationException:/,
    message: at =>
      `Identity pool ${at.identityPoolId} has no role for signed-in users, or one that it must not assume.`,
    remedy:
      'Deploy the Amplify project again, or fix the roles: Cognito console, Identity pools, User access.',
  },
  {
    code: 'refused_by_trigger',
    when: / UserLambdaValidationException:/,
    message: at => `A Lambda trigger of user pool ${at.userPoolId} refused ${at.username}: ${at.message}`,
    remedy: 'Ask the administrator of the Amplify project what the trigger requires.',
  },
  {
    code: 'too_many_requests',
    when: ({ isThrottled }) => isThrottled,
    message: at => `${at.endpoint} keeps answering "too many requests".`,
    remedy: 'Wait some minutes and run the command again.',
  },
  {
    code: 'endpoint_failing',
    when: ({ status }) => status >= 500,
    message: at => `${at.endpoint} keeps answering with HTTP ${at.status}.`,
    remedy: 'Wait some minutes and run the command again; https://health.aws.amazon.com lists AWS outages.',
  },
  {
    code: 'endpoint_not_answering',
    when: ({ networkCode, name }) => networkCode !== '' || name === 'TimeoutError',
    message: at => `${at.endpoint} does not respond${at.networkCode ? ` (${at.networkCode})` : ' in time'}.`,
    remedy: at =>
      `Check the network connection and ${at.endpoint.includes('amazonaws.') ? 'aws.region ("migrator show")' : 'the AWS_ENDPOINT_URL variables'}, then run the command again.`,
  },
  {
    code: 'sign_in_failed',
    message: at => `${at.endpoint} refused the request: ${at.name}: ${at.message}`,
    remedy: 'Check the values under aws.cognito ("migrator show").',
  },
];
