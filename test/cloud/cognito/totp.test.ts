import { expect } from 'chai';
import { toBase32, totp, totpMatches } from './totp.ts';

describe('local user pool: TOTP', () => {
  const secret = toBase32(Buffer.from('12345678901234567890'));

  it('gives the codes of RFC 6238, appendix B', () => {
    const rows: [number, string][] = [
      [59, '287082'],
      [1111111109, '081804'],
      [1111111111, '050471'],
      [1234567890, '005924'],
      [2000000000, '279037'],
      [20000000000, '353130'],
    ];
    for (const [seconds, code] of rows) expect(totp(secret, seconds * 1000)).to.equal(code);
  });

  it('allows for clocks that are one step apart, not two', () => {
    const time = 1234567890_000;
    const accepted = [-60_000, -30_000, 0, 30_000, 60_000].map(ms =>
      totpMatches(secret, totp(secret, time + ms), time),
    );
    expect(accepted).to.deep.equal([false, true, true, true, false]);
  });
});
