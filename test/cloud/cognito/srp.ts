/**
 * The server's half of SRP-6a as Cognito speaks it (RFC 5054's 3072-bit group, SHA-256, numbers hashed as Java's
 * BigInteger writes them, session key through HKDF), after AWS's own client `amazon-cognito-identity-js`.
 */
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** RFC 3526, group 15. */
export const N = BigInt(
  '0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD' +
    'EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED' +
    'EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F' +
    '83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B' +
    'E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510' +
    '15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7' +
    'ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C' +
    'BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF',
);
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
  return power(G, hashToNumber(signed(BigInt(`0x${salt}`)), identity), N);
}

/** Answers a client's SRP_A (hex). Null when it is no number or would make the session key predictable (A % N = 0). */
export function startHandshake(srpA: string, verifier: bigint): Handshake | null {
  if (!/^[0-9a-f]{1,1024}$/i.test(srpA)) return null;
  const clientPublic = BigInt(`0x${srpA}`);
  if (clientPublic % N === 0n) return null;
  const serverPrivate = BigInt(`0x${randomBytes(32).toString('hex')}`);
  const serverPublic = (K * verifier + power(G, serverPrivate, N)) % N;
  return { clientPublic, serverPublic, serverPrivate, verifier };
}

/** The proof (base64) that only a client with the right password computes. `secretBlock` is base64 as it was sent. */
export function expectedSignature(
  handshake: Handshake,
  proof: { poolName: string; userId: string; secretBlock: string; timestamp: string },
): string {
  const { clientPublic, serverPublic, serverPrivate, verifier } = handshake;
  const u = hashToNumber(signed(clientPublic), signed(serverPublic));
  const shared = power((clientPublic * power(verifier, u, N)) % N, serverPrivate, N);
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

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
