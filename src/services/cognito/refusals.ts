/** What Cognito's refusals mean and what to do. Names and messages are those of the Cognito API reference. */
import type { Circumstances, Failure, Step } from './errors.ts';

export interface Refusal {
  /** Code of the RunError. */
  code: string;
  /** The step in which it means this; any when absent. */
  step?: Step;
  /** Of the exception. */
  name?: string | RegExp;
  message?: RegExp;
  when?: (failure: Failure) => boolean;
  says: (at: Circumstances, failure: Failure) => string;
  remedy: string | ((at: Circumstances) => string);
}

const SKEW_MS = 5 * 60_000;
const CONSOLE = 'in the Cognito console (User pools, Users)';
export const ASK_ADMIN = `or ask the administrator of the Amplify project to do it ${CONSOLE}`;
const SIGN_IN_AGAIN =
  'Nothing is lost. Sign in with "migrator login aws", then continue with "migrator resume" (or the same command again).';
const SAME_PROJECT =
  'Take user pool, client and identity pool from the same project: "migrator config --from amplify_outputs.json".';
const CLIENT_FLOWS = 'or allow it: Cognito console, App clients, Authentication flows.';
const NOT_AUTHORIZED = 'NotAuthorizedException';

/** Read from the top: the first row that fits wins. */
export const REFUSALS: readonly Refusal[] = [
  {
    code: 'client_has_secret',
    name: NOT_AUTHORIZED,
    message: /secret/i,
    says: at => `The app client ${at.clientId} has a client secret; only clients without one can be used.`,
    remedy:
      'Use the client that Amplify made (user_pool_client_id in amplify_outputs.json): "migrator config --client-id …".',
  },
  {
    code: 'user_disabled',
    name: NOT_AUTHORIZED,
    message: /disabled/i,
    says: at => `The user ${at.username} is disabled in user pool ${at.userPoolId}.`,
    remedy: `Enable the user ${CONSOLE}, then run the command again.`,
  },
  {
    code: 'too_many_attempts',
    name: NOT_AUTHORIZED,
    message: /attempts exceeded/i,
    says: at => `Cognito has locked ${at.username} for a while after too many wrong passwords.`,
    remedy: 'Wait 15 minutes, check the password, then run the command again.',
  },
  {
    // SRP signs the time. The clock is only a likely reason, so the remedy mentions the password as well.
    code: 'clock_skew',
    step: 'sign_in',
    name: NOT_AUTHORIZED,
    when: ({ clockAheadMs }) => Math.abs(clockAheadMs) > SKEW_MS,
    says: (at, { clockAheadMs }) =>
      `Cognito refused the sign-in of ${at.username}; the clock of this machine is ${Math.round(Math.abs(clockAheadMs) / 60_000)} minutes ${clockAheadMs > 0 ? 'ahead' : 'behind'}.`,
    remedy:
      'Set the clock of this machine (switch on automatic time) and run the command again. If it is still refused, the user name or password is wrong.',
  },
  {
    code: 'challenge_timed_out',
    step: 'sign_in',
    name: NOT_AUTHORIZED,
    message: /session/i,
    says: at => `The sign-in of ${at.username} took too long: Cognito waits three minutes for an answer.`,
    remedy: 'Run the command again.',
  },
  {
    code: 'wrong_password',
    step: 'sign_in',
    name: NOT_AUTHORIZED,
    says: at => `Cognito refused the sign-in of ${at.username}: wrong user name or password.`,
    remedy:
      'Check the password (AMPLIFY_MEDIA_MIGRATOR_PASSWORD, if it is set) and the user name ("migrator show"; with Amplify it is the e-mail address).',
  },
  {
    code: 'sign_in_expired',
    step: 'renewal',
    name: NOT_AUTHORIZED,
    says: at => `The sign-in of ${at.username} has ended: its refresh token was revoked or has expired.`,
    remedy: SIGN_IN_AGAIN,
  },
  {
    code: 'sign_in_expired',
    step: 'renewal',
    name: 'RefreshTokenReuseException',
    says: at =>
      `The sign-in of ${at.username} has ended: another process has used up its refresh token (rotation).`,
    remedy: SIGN_IN_AGAIN,
  },
  {
    code: 'identity_token_expired',
    step: 'keys',
    name: NOT_AUTHORIZED,
    message: /expired/i,
    says: at => `Identity pool ${at.identityPoolId} refused the ID token of ${at.username} as expired.`,
    remedy: 'Run the command again. If it happens again, check the clock of this machine.',
  },
  {
    code: 'identity_pool_refuses',
    step: 'keys',
    name: NOT_AUTHORIZED,
    says: at =>
      `Identity pool ${at.identityPoolId} gives ${at.username} no keys: it does not know user pool ${at.userPoolId} with client ${at.clientId}, or no role fits.`,
    remedy: SAME_PROJECT,
  },
  {
    code: 'wrong_code',
    name: 'CodeMismatchException',
    says: at => `Cognito does not accept the code of ${at.username}.`,
    remedy:
      'Run the command again with a new code; if it is still refused, check the clock of the device that shows it.',
  },
  {
    code: 'code_expired',
    name: 'ExpiredCodeException',
    says: at => `The code of ${at.username} has expired, or was used before.`,
    remedy: 'Wait for the next code (30 seconds in an app), then run the command again.',
  },
  {
    code: 'new_password_refused',
    name: /^(InvalidPassword|PasswordHistoryPolicyViolation)Exception$/,
    says: (at, { message }) => `Cognito does not accept the new password of ${at.username}: ${message}`,
    remedy: 'Run "migrator login aws" again and choose another one.',
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
    remedy: `Use the client that Amplify made (it allows SRP), ${CLIENT_FLOWS}`,
  },
  {
    code: 'renewal_not_enabled',
    step: 'renewal',
    name: 'InvalidParameterException',
    says: at =>
      `The app client ${at.clientId} does not allow tokens to be renewed (ALLOW_REFRESH_TOKEN_AUTH).`,
    remedy: `Use the client that Amplify made, ${CLIENT_FLOWS}`,
  },
  {
    code: 'identity_pool_roles',
    name: 'InvalidIdentityPoolConfigurationException',
    says: at =>
      `Identity pool ${at.identityPoolId} has no role for signed-in users, or one that it must not assume.`,
    remedy:
      'Deploy the Amplify project again, or fix the roles: Cognito console, Identity pools, User access.',
  },
  {
    code: 'refused_by_trigger',
    name: 'UserLambdaValidationException',
    says: (at, { message }) =>
      `A Lambda trigger of user pool ${at.userPoolId} refused ${at.username}: ${message}`,
    remedy: 'Ask the administrator of the Amplify project what the trigger requires.',
  },
  {
    code: 'too_many_requests',
    when: ({ isThrottled }) => isThrottled,
    says: at => `${at.endpoint} keeps answering "too many requests".`,
    remedy: 'Wait some minutes and run the command again.',
  },
  {
    code: 'endpoint_failing',
    when: ({ status }) => status >= 500,
    says: (at, { status }) => `${at.endpoint} keeps answering with HTTP ${status}.`,
    remedy: 'Wait some minutes and run the command again; https://health.aws.amazon.com lists AWS outages.',
  },
  {
    code: 'endpoint_not_answering',
    when: ({ networkCode, name }) => networkCode !== '' || name === 'TimeoutError',
    says: (at, { networkCode }) =>
      `${at.endpoint} does not answer${networkCode ? ` (${networkCode})` : ' in time'}.`,
    remedy: at =>
      `Check the network connection and ${at.endpoint.includes('amazonaws.') ? 'aws.region ("migrator show")' : 'the AWS_ENDPOINT_URL variables'}, then run the command again.`,
  },
  {
    code: 'sign_in_failed',
    says: (at, { name, message }) => `${at.endpoint} refused the request: ${name}: ${message}`,
    remedy: 'Check the values under aws.cognito ("migrator show").',
  },
];
