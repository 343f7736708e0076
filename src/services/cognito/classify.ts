/**
 * What Cognito's refusals mean and what a person can do about each: one table, read from the top, the first row that
 * fits wins. Names and messages as the Cognito API reference gives them.
 */
import { RunError } from '../../../stages/errors.ts';
import { connectionError, faultOf } from '../../../stages/retry/faults.ts';

/** What was being done: SRP sign-in, renewal by refresh token, or keys from the identity pool. */
export type Step = 'sign_in' | 'renewal' | 'keys';

export interface Circumstances {
  step: Step;
  /** Where the request went. */
  endpoint: string;
  username: string;
  userPoolId: string;
  clientId: string;
  identityPoolId: string;
  /** This machine's clock, ms since the epoch. */
  now: number;
}

interface Failure {
  name: string;
  message: string;
  /** HTTP status; 0 without an answer. */
  status: number;
  /** Node's code of a network fault; '' for others. */
  networkCode: string;
  /** Cognito asks for fewer requests. */
  isThrottled: boolean;
  /** This machine's clock minus the service's, in ms; 0 without a Date header. */
  clockAheadMs: number;
}

interface Row {
  code: string;
  step?: Step;
  name?: string;
  message?: RegExp;
  when?: (failure: Failure) => boolean;
  says: (at: Circumstances, failure: Failure) => string;
  remedy: string | ((at: Circumstances) => string);
}

const SKEW_MS = 5 * 60_000;
const CONSOLE = 'in the Cognito console (User pools, Users)';
const SIGN_IN_AND_GO_ON =
  'Nothing is lost. Sign in with "migrator login aws", then go on with "migrator resume" (or the same command again).';
const ASK_ADMIN = `or ask the administrator of the Amplify project to do it ${CONSOLE}`;

const TABLE: readonly Row[] = [
  {
    code: 'client_has_secret',
    name: 'NotAuthorizedException',
    message: /secret/i,
    says: at => `The app client ${at.clientId} has a client secret; only clients without one can be used.`,
    remedy:
      'Use the client that Amplify made (user_pool_client_id in amplify_outputs.json): "migrator config --client-id …".',
  },
  {
    code: 'user_disabled',
    name: 'NotAuthorizedException',
    message: /disabled/i,
    says: at => `The user ${at.username} is disabled in user pool ${at.userPoolId}.`,
    remedy: `Enable the user ${CONSOLE}, then run the command again.`,
  },
  {
    code: 'too_many_attempts',
    name: 'NotAuthorizedException',
    message: /attempts exceeded/i,
    says: at => `Cognito has locked ${at.username} for a while after too many wrong passwords.`,
    remedy: 'Wait 15 minutes, check the password, then run the command again.',
  },
  {
    // SRP signs the time. Only a guess if the clock is off, so that a wrong password is named as well.
    code: 'clock_skew',
    step: 'sign_in',
    name: 'NotAuthorizedException',
    when: ({ clockAheadMs }) => Math.abs(clockAheadMs) > SKEW_MS,
    says: (at, { clockAheadMs }) => {
      const minutes = Math.round(Math.abs(clockAheadMs) / 60_000);
      const way = clockAheadMs > 0 ? 'ahead' : 'behind';
      return `Cognito refused the sign-in of ${at.username}; the clock of this machine is ${minutes} minutes ${way}.`;
    },
    remedy:
      'Set the clock of this machine (switch on automatic time) and run the command again. If it is refused still, user name or password are wrong.',
  },
  {
    code: 'challenge_timed_out',
    step: 'sign_in',
    name: 'NotAuthorizedException',
    message: /session/i,
    says: at => `The sign-in of ${at.username} took too long: Cognito waits three minutes for an answer.`,
    remedy: 'Run the command again.',
  },
  {
    code: 'wrong_password',
    step: 'sign_in',
    name: 'NotAuthorizedException',
    says: at => `Cognito refused the sign-in of ${at.username}: wrong user name or password.`,
    remedy:
      'Check the password (AMPLIFY_MEDIA_MIGRATOR_PASSWORD, if it is set) and the user name ("migrator show"; with Amplify it is the e-mail address).',
  },
  {
    code: 'sign_in_expired',
    step: 'renewal',
    name: 'NotAuthorizedException',
    says: at => `The sign-in of ${at.username} has ended: its refresh token was revoked or has expired.`,
    remedy: SIGN_IN_AND_GO_ON,
  },
  {
    code: 'sign_in_expired',
    step: 'renewal',
    name: 'RefreshTokenReuseException',
    says: at =>
      `The sign-in of ${at.username} has ended: another process has used up its refresh token (rotation).`,
    remedy: SIGN_IN_AND_GO_ON,
  },
  {
    code: 'identity_token_expired',
    step: 'keys',
    name: 'NotAuthorizedException',
    message: /expired/i,
    says: at => `Identity pool ${at.identityPoolId} refused the ID token of ${at.username} as expired.`,
    remedy: 'Run the command again. If it stays so, check the clock of this machine.',
  },
  {
    code: 'identity_pool_refuses',
    step: 'keys',
    name: 'NotAuthorizedException',
    says: at =>
      `Identity pool ${at.identityPoolId} gives ${at.username} no keys: it does not know user pool ${at.userPoolId} with client ${at.clientId}, or no role fits.`,
    remedy:
      'Take user pool, client and identity pool from the same project: "migrator config --from amplify_outputs.json".',
  },
  {
    code: 'wrong_code',
    name: 'CodeMismatchException',
    says: at => `Cognito does not take the code of ${at.username}.`,
    remedy:
      'Run the command again with a new code; if it is refused still, check the clock of the device that shows it.',
  },
  {
    code: 'code_expired',
    name: 'ExpiredCodeException',
    says: at => `The code of ${at.username} has expired, or was used before.`,
    remedy: 'Wait for the next code (30 seconds in an app), then run the command again.',
  },
  {
    code: 'new_password_refused',
    when: ({ name }) => /^(InvalidPassword|PasswordHistoryPolicyViolation)Exception$/.test(name),
    says: (at, { message }) => `Cognito does not take the new password of ${at.username}: ${message}`,
    remedy: 'Run "migrator login aws" again and choose one that fits.',
  },
  {
    code: 'user_unknown',
    name: 'UserNotFoundException',
    says: at => `User pool ${at.userPoolId} has no user ${at.username}.`,
    remedy: `Correct the name with "migrator config --username …" (with Amplify it is the e-mail address), ${ASK_ADMIN}.`,
  },
  {
    code: 'password_reset_required',
    name: 'PasswordResetRequiredException',
    says: at => `The password of ${at.username} has to be reset before the user can sign in.`,
    remedy: `Reset it by "Forgot password" in the web application, ${ASK_ADMIN}.`,
  },
  {
    code: 'user_not_confirmed',
    name: 'UserNotConfirmedException',
    says: at => `The user ${at.username} has never confirmed the sign-up.`,
    remedy: `Confirm it in the web application with the code that was sent, ${ASK_ADMIN}.`,
  },
  {
    code: 'identity_pool_unknown',
    step: 'keys',
    name: 'ResourceNotFoundException',
    says: at => `There is no identity pool ${at.identityPoolId} at ${at.endpoint}.`,
    remedy:
      'Check aws.cognito.identity_pool_id and aws.region ("migrator show"), or take both from the project: "migrator config --from amplify_outputs.json".',
  },
  {
    code: 'user_pool_unknown',
    name: 'ResourceNotFoundException',
    says: at => `There is no user pool ${at.userPoolId} with app client ${at.clientId} at ${at.endpoint}.`,
    remedy:
      'Check user pool, client and region ("migrator show"), or take them from the project: "migrator config --from amplify_outputs.json".',
  },
  {
    code: 'srp_not_enabled',
    step: 'sign_in',
    name: 'InvalidParameterException',
    message: /not enabled|not supported|auth ?flow|SRP/i,
    says: at => `The app client ${at.clientId} does not allow sign-in by SRP (ALLOW_USER_SRP_AUTH).`,
    remedy:
      'Use the client that Amplify made (it allows SRP), or allow it: Cognito console, App clients, Authentication flows.',
  },
  {
    code: 'renewal_not_enabled',
    step: 'renewal',
    name: 'InvalidParameterException',
    says: at =>
      `The app client ${at.clientId} does not allow tokens to be renewed (ALLOW_REFRESH_TOKEN_AUTH).`,
    remedy:
      'Use the client that Amplify made, or allow it: Cognito console, App clients, Authentication flows.',
  },
  {
    code: 'identity_pool_roles',
    name: 'InvalidIdentityPoolConfigurationException',
    says: at =>
      `Identity pool ${at.identityPoolId} has no role for signed-in users, or one that it must not assume.`,
    remedy:
      'Deploy the Amplify project again, or mend the roles: Cognito console, Identity pools, User access.',
  },
  {
    code: 'refused_by_trigger',
    name: 'UserLambdaValidationException',
    says: (at, { message }) =>
      `A Lambda trigger of user pool ${at.userPoolId} refused ${at.username}: ${message}`,
    remedy: 'Ask the administrator of the Amplify project what the trigger wants.',
  },
  {
    code: 'too_many_requests',
    when: ({ isThrottled }) => isThrottled,
    says: at => `${at.endpoint} goes on answering "too many requests".`,
    remedy: 'Wait some minutes and run the command again.',
  },
  {
    code: 'endpoint_failing',
    when: ({ status }) => status >= 500,
    says: (at, { status }) => `${at.endpoint} goes on answering with HTTP ${status}.`,
    remedy:
      'Wait some minutes and run the command again; https://health.aws.amazon.com tells of AWS outages.',
  },
  {
    code: 'endpoint_not_answering',
    when: ({ networkCode, name }) => networkCode !== '' || name === 'TimeoutError',
    says: (at, { networkCode }) =>
      `${at.endpoint} does not answer${networkCode ? ` (${networkCode})` : ' in time'}.`,
    remedy: at => {
      const what = at.endpoint.includes('amazonaws.')
        ? 'aws.region ("migrator show")'
        : 'the AWS_ENDPOINT_URL variables';
      return `Check the network connection and ${what}, then run the command again.`;
    },
  },
  {
    code: 'sign_in_failed',
    says: (at, { name, message }) => `${at.endpoint} refused the request: ${name}: ${message}`,
    remedy: 'Check the values under aws.cognito ("migrator show").',
  },
];

/** The refusal as an error for people. A RunError is given back as it is. Carries no token and no password. */
export function classify(error: unknown, at: Circumstances): RunError {
  const connection = error instanceof RunError ? error : connectionError(error, at.endpoint);
  if (connection) return connection;
  const failure = failureOf(error, at.now);
  const row = TABLE.find(candidate => fits(candidate, failure, at.step))!;
  const remedy = typeof row.remedy === 'string' ? row.remedy : row.remedy(at);
  return new RunError(row.code, row.says(at, failure), remedy);
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

/** The user pool wants something that cannot be given here. */
export function challengeError(challenge: string | undefined, at: Circumstances): RunError {
  const known = CHALLENGES[challenge ?? ''];
  const name = challenge ?? 'an unknown challenge';
  return new RunError(
    'challenge_not_supported',
    `${at.username} ${known?.says ?? 'is asked for more than a password and a code'}; that (${name}) cannot be done here.`,
    known?.remedy ?? `Use a user who signs in with password and code only, ${ASK_ADMIN}.`,
  );
}

function fits(row: Row, failure: Failure, step: Step): boolean {
  return (
    (row.step === undefined || row.step === step) &&
    (row.name === undefined || row.name === failure.name) &&
    (row.message === undefined || row.message.test(failure.message)) &&
    (row.when === undefined || row.when(failure))
  );
}

interface SdkError {
  name?: string;
  message?: string;
  code?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number; headers?: Record<string, string> };
}

function failureOf(error: unknown, now: number): Failure {
  const { name, message, code, $metadata, $response } = (error ?? {}) as SdkError;
  const status = $response?.statusCode ?? $metadata?.httpStatusCode ?? 0;
  const serverTime = Date.parse($response?.headers?.date ?? '');
  return {
    name: name ?? 'Error',
    message: withoutSecrets(message ?? String(error)),
    status,
    isThrottled: faultOf(error).kind === 'throttled',
    networkCode: status === 0 && typeof code === 'string' ? code : '',
    clockAheadMs: Number.isNaN(serverTime) ? 0 : now - serverTime,
  };
}

/** Validation messages may quote what was sent; anything as long as a token goes. */
function withoutSecrets(message: string): string {
  return message.replace(/[^\s'"]{60,}/g, '…');
}
