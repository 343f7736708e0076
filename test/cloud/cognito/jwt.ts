/** RS256 JSON web tokens (RFC 7515, 7519) with one key, and the key set that a verifier fetches. */
import { createHash, generateKeyPair, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';

export type Claims = Record<string, unknown> & { sub: string; iss: string; exp: number; iat: number };

export interface SigningKey {
  sign(claims: Claims): string;
  /** The claims of a token that this key signed, or null: malformed, another algorithm, or another key. */
  read(token: string): Claims | null;
  /** The JSON Web Key Set with the public half. */
  readonly jwks: { keys: Record<string, unknown>[] };
}

/** A new RSA key of 2048 bits. */
export async function createSigningKey(): Promise<SigningKey> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const jwk = pair.publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(String(jwk.n)).digest('base64');
  return {
    sign: claims => signedToken(claims, kid, pair.privateKey),
    read: token => claimsOf(token, kid, pair.publicKey),
    jwks: { keys: [{ alg: 'RS256', e: jwk.e, kid, kty: 'RSA', n: jwk.n, use: 'sig' }] },
  };
}

function signedToken(claims: Claims, kid: string, key: KeyObject): string {
  const head = `${encoded({ kid, alg: 'RS256' })}.${encoded(claims)}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}

function claimsOf(token: string, kid: string, key: KeyObject): Claims | null {
  const [header, payload, signature, ...rest] = token.split('.');
  if (!header || !payload || !signature || rest.length > 0) return null;
  try {
    const { alg, kid: signer } = decoded(header) as { alg?: string; kid?: string };
    if (alg !== 'RS256' || signer !== kid) return null;
    const genuine = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      key,
      Buffer.from(signature, 'base64url'),
    );
    return genuine ? (decoded(payload) as Claims) : null;
  } catch {
    return null;
  }
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
