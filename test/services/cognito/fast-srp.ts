/**
 * Lets the client's half of SRP compute its powers with OpenSSL. The arithmetic of its own library takes half a second
 * of computing for each sign-in. The helper has one modulus only, the prime of its group.
 */
import { createRequire } from 'node:module';
import { power } from '../../cloud/cognito/srp.ts';

interface BigInteger {
  mod(modulus: BigInteger): BigInteger;
  modPow(exponent: BigInteger, modulus: BigInteger): BigInteger;
  toString(radix: number): string;
}

const { BigInteger } = createRequire(import.meta.resolve('cognito-srp-helper'))('jsbn') as {
  BigInteger: { new (text: string, radix: number): BigInteger; prototype: BigInteger };
};

const bigInt = (value: BigInteger) => BigInt(`0x${value.toString(16)}`);

BigInteger.prototype.modPow = function (exponent, modulus) {
  return new BigInteger(power(bigInt(this.mod(modulus)), bigInt(exponent)).toString(16), 16);
};
