import { createPrivateKey, sign } from 'node:crypto';
import { RunError } from '../../stages/errors.ts';
import type { ServiceAccountGrant } from './google-files.ts';

const LIFE_SECONDS = 3600;

/**
 * The signed assertion (JWT, RS256) with which a service account asks for a token, addressed to the key's own
 * `token_uri`. google-auth-library does the same for Google's fixed address only.
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 *
 * Throws {@link RunError} if the private key cannot be read.
 */
export function assertionOf(account: ServiceAccountGrant, scope: string, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(account.privateKeyId ? { kid: account.privateKeyId } : {}) };
  const claims = { iss: account.email, scope, aud: account.tokenUri, iat, exp: iat + LIFE_SECONDS };
  const signed = [header, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  try {
    const signature = sign('RSA-SHA256', Buffer.from(signed), createPrivateKey(account.privateKey));
    return `${signed}.${signature.toString('base64url')}`;
  } catch {
    // The error of node:crypto is left out: it may quote the key.
    throw new RunError(
      'google_credentials',
      `The private key of ${account.email} cannot be read.`,
      'Make a new key of the service account in the Google Cloud console and download it as JSON.',
    );
  }
}
