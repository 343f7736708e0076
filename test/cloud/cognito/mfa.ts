/** The second factor: which codes the pool accepts. */
import { randomInt } from 'node:crypto';
import { AwsError } from './aws-json.ts';
import { totpMatches } from './totp.ts';
import type { PoolUser } from './users.ts';

/** How Cognito shows where a code went. */
export const maskedPhone = '+*******0100';

/** Six digits. */
export function newSmsCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

/** @throws AwsError CodeMismatchException, ExpiredCodeException (a code that was used before) */
export function refuseWrongCode(
  challenge: 'SOFTWARE_TOKEN_MFA' | 'SMS_MFA',
  code: string,
  user: PoolUser,
  nowMs: number,
): void {
  const accepted =
    challenge === 'SMS_MFA' ? code === user.smsCode : totpMatches(user.totpSecret, code, nowMs);
  if (!accepted) throw new AwsError('CodeMismatchException', 'Invalid code received for user');
  if (challenge === 'SMS_MFA') {
    user.smsCode = null;
    return;
  }
  if (user.usedCodes.has(code)) {
    throw new AwsError('ExpiredCodeException', 'Your software token has already been used once.');
  }
  user.usedCodes.add(code);
}
