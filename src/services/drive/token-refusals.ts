/** What Google's refusals of a token mean and what to do. Read from the top: the first row that fits wins. */
import type { Refusal } from '../refusals.ts';
import { DRIVE_SCOPE, type GoogleCredentials } from './google-files.ts';

/** A refused request for a token, and the credentials that it was made with. */
export interface TokenRefusal {
  /** Where the request went, without its query; '' if unknown. */
  address: string;
  /** 0 if there was no response. */
  status: number;
  /** `error` of RFC 6749, 5.2, or the status of a Google API; '' if absent. */
  code: string;
  kind: GoogleCredentials['json']['type'];
  /** The account, for messages. */
  who: string;
  /** The file with the credentials. */
  path: string;
  /** The user for whom a service account acts; '' for none. */
  subject: string;
  clientId: string;
  /** Where an external account gets its token; null for other kinds. */
  source: string | null;
  /** The response in Google's words, without secrets: code, then description. */
  said: string;
}

export const TOKEN_REFUSALS: readonly Refusal<TokenRefusal>[] = [
  {
    code: 'google_failing',
    on: ({ status }) => status === 429 || status >= 500,
    says: at => `Google's sign-in at ${at.address} keeps answering with HTTP ${at.status}.`,
    remedy: 'Wait some minutes and run the command again.',
  },
  {
    code: 'google_failing',
    on: ({ status }) => status < 400,
    says: at => `${at.address} answers without a token (HTTP ${at.status}): it is not Google's sign-in.`,
    remedy: 'Sign in to the Wi-Fi if it asks for that, and check the proxy; then run the command again.',
  },
  {
    code: 'clock_skew',
    on: /: .*(reasonable timeframe|iat and exp)/i,
    says: at =>
      `Google refused the sign-in of ${at.who}, because the clock of this machine is wrong (${at.said}).`,
    remedy: 'Set the clock of this machine (switch on automatic time) and run the command again.',
  },
  {
    code: 'google_delegation',
    on: ({ subject, said }) => subject !== '' && /: .*(email|user id|impersonation)/i.test(said),
    says: at => `Google knows no user ${at.subject}, for whom ${at.who} should act (${at.said}).`,
    remedy:
      'Set google_drive.impersonate to the primary e-mail address of an active user of your Google Workspace ("migrator config --impersonate USER").',
  },
  {
    code: 'google_delegation',
    on: ({ subject, code }) => subject !== '' && /unauthorized_client|access_denied/.test(code),
    says: at => `${at.who} may not act for ${at.subject} (${at.said}).`,
    remedy: ({ clientId }) =>
      `An administrator of your Google Workspace allows it in the Admin console (admin.google.com): Security, Access and data control, API controls, Manage domain-wide delegation, Add new: client ID ${clientId || 'of the service account'}, scope ${DRIVE_SCOPE}. It may take some minutes, up to 24 hours.`,
  },
  {
    code: 'google_impersonation_refused',
    on: ({ address }) => address.endsWith(':generateAccessToken'),
    says: at => `Google gives no token of the service account ${at.who} (${at.said}).`,
    remedy:
      'Grant the account that signs in the role Service Account Token Creator on that service account, and enable the IAM Service Account Credentials API in its project.',
  },
  {
    code: 'google_external_account',
    on: ({ address, source }) => address === source,
    says: at => `${at.address}, the credential_source of ${at.path}, gives no token (${at.said}).`,
    remedy: 'The credentials work only on the machines that they were made for: check that this is one.',
  },
  {
    code: 'google_external_account',
    on: ({ kind }) => kind === 'external_account',
    says: at => `Google does not accept the external account of ${at.path} (${at.said}).`,
    remedy:
      'Check that the token at credential_source is current, and that audience, issuer and attribute conditions of the workload identity pool provider match it (Google Cloud console, IAM, Workload Identity Federation).',
  },
  {
    code: 'google_key_refused',
    on: ({ code, kind }) => code === 'invalid_grant' && kind === 'service_account',
    says: at => `Google does not accept the key of ${at.who} (${at.said}).`,
    remedy:
      'The key or the account was deleted or disabled: make a new key in the Google Cloud console (IAM, Service accounts, Keys) and put it at google_drive.credentials_path.',
  },
  {
    code: 'google_sign_in_expired',
    on: ({ code }) => code === 'invalid_grant',
    says: at =>
      `The Google sign-in is no longer valid (${at.said}): it was revoked, the password was changed, the session length of your organization has passed, or the seven days are over for which a consent screen in "testing" lets it live.`,
    remedy:
      'Sign in again with "migrator login google", then run the command again. To avoid the seven days, publish the consent screen (Google Cloud console, OAuth consent screen, "Publish app"), or use a service-account key.',
  },
  {
    code: 'google_client_refused',
    on: ({ code }) => ['invalid_client', 'unauthorized_client', 'deleted_client'].includes(code),
    says: at =>
      `Google does not accept the OAuth client ${at.kind === 'service_account' ? at.who : at.clientId} (${at.said}).`,
    remedy:
      'The client was deleted, its secret was changed, or the token was made with another client: download the client\'s JSON again (Google Cloud console, Credentials) and sign in again with "migrator login google".',
  },
  {
    code: 'google_sign_in_refused',
    says: at => `Google refused the sign-in of ${at.who} (${at.said}).`,
    remedy: 'Check the files at google_drive.credentials_path and google_drive.token_path ("migrator show").',
  },
];
