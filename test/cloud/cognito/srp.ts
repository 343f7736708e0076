/**
 * The server's half of SRP-6a as Cognito speaks it (RFC 5054's 3072-bit group, SHA-256, numbers hashed as Java's
 * BigInteger writes them, session key through HKDF), after AWS's own client `amazon-cognito-identity-js`.
 */
import {
  createDiffieHellman,
  createHash,
  createHmac,
  getDiffieHellman,
  hkdfSync,
  randomBytes,
} from 'node:crypto';

/** RFC 3526, group 15. */
const PRIME = getDiffieHellman('modp15').getPrime();
export const N = BigInt(`0x${PRIME.toString('hex')}`);
const G = 2n;
const K = hashToNumber(signed(N), signed(G));

/** What the pool keeps between its SRP_B and the client's proof. */
export interface Handshake {
  readonly clientPublic: bigint;
  readonly serverPublic: bigint;
  readonly serverPrivate: bigint;
  readonly verifier: bigint;
}

/** The verifier that the pool stores instead of a password. `poolName` is the pool id after its `_`; `salt` is hex. */
export function verifierOf(poolName: string, userId: string, password: string, salt: string): bigint {
  const identity = createHash('sha256').update(`${poolName}${userId}:${password}`, 'utf8').digest();
  return power(G, hashToNumber(signed(BigInt(`0x${salt}`)), identity));
}

/** Answers a client's SRP_A (hex). Null when it is no number or would make the session key predictable (A % N = 0). */
export function startHandshake(srpA: string, verifier: bigint): Handshake | null {
  if (!/^[0-9a-f]{1,1024}$/i.test(srpA)) return null;
  const clientPublic = BigInt(`0x${srpA}`);
  if (clientPublic % N === 0n) return null;
  const serverPrivate = BigInt(`0x${randomBytes(32).toString('hex')}`);
  const serverPublic = (K * verifier + power(G, serverPrivate)) % N;
  return { clientPublic, serverPublic, serverPrivate, verifier };
}

/** The proof (base64) that only a client with the right password computes. `secretBlock` is base64 as it was sent. */
export function expectedSignature(
  handshake: Handshake,
  proof: { poolName: string; userId: string; secretBlock: string; timestamp: string },
): string {
  const { clientPublic, serverPublic, serverPrivate, verifier } = handshake;
  const u = hashToNumber(signed(clientPublic), signed(serverPublic));
  const shared = power((clientPublic * power(verifier, u)) % N, serverPrivate);
  const key = Buffer.from(hkdfSync('sha256', signed(shared), signed(u), 'Caldera Derived Key', 16));
  return createHmac('sha256', key)
    .update(proof.poolName, 'utf8')
    .update(proof.userId, 'utf8')
    .update(Buffer.from(proof.secretBlock, 'base64'))
    .update(proof.timestamp, 'utf8')
    .digest('base64');
}

/** Java's BigInteger.toByteArray() for a number that is not negative: a zero byte leads when the top bit is set. */
function signed(value: bigint): Buffer {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  return Buffer.from(/^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex');
}

function hashToNumber(...parts: Buffer[]): bigint {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return BigInt(`0x${hash.digest('hex')}`);
}

/** base ^ exponent mod N, by OpenSSL: many times faster than by BigInt. */
export function power(base: bigint, exponent: bigint): bigint {
  const group = createDiffieHellman(PRIME, 2);
  group.setPrivateKey(signed(exponent));
  return BigInt(`0x${group.computeSecret(signed(base)).toString('hex')}`);
}
