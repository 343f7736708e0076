/** RS256 JSON web tokens (RFC 7515, 7519). */
import { createHash, generateKeyPair, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';

export type Claims = Record<string, unknown> & { sub: string; iss: string; exp: number; iat: number };

export interface SigningKey {
  sign(claims: Claims): string;
  /** The claims of a token that this key signed, or null: malformed, another algorithm, or another key. */
  read(token: string): Claims | null;
  /** The JSON Web Key Set with the public half, which a verifier fetches. */
  readonly jwks: { keys: Record<string, unknown>[] };
}

/** A new RSA key of 2048 bits. */
export async function createSigningKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(String(jwk.n)).digest('base64');
  return {
    sign: claims => {
      const head = `${encoded({ kid, alg: 'RS256' })}.${encoded(claims)}`;
      return `${head}.${sign('sha256', Buffer.from(head), privateKey).toString('base64url')}`;
    },
    read: token => claimsOf(token, id => (id === kid ? publicKey : undefined)),
    jwks: { keys: [{ ...jwk, alg: 'RS256', kid, use: 'sig' }] },
  };
}

/** The claims of a token that is signed by the key of this id, which may depend on them; null if it is not. */
export function claimsOf(
  token: string,
  keyOf: (kid: string, claims: Claims) => KeyObject | undefined,
): Claims | null {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  try {
    const { alg, kid } = decoded(header) as { alg?: string; kid?: string };
    const claims = decoded(payload) as Claims;
    const key = keyOf(String(kid), claims);
    const signed = Buffer.from(`${header}.${payload}`);
    const isGenuine = key && verify('sha256', signed, key, Buffer.from(signature, 'base64url'));
    return isGenuine && alg === 'RS256' && rest.length === 0 ? claims : null;
  } catch {
    return null;
  }
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
