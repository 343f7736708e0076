import { expect } from 'chai';
import { addressOf } from '../../../src/services/aws/client.ts';
import { identityPoolClient } from '../../../src/services/cognito/clients.ts';
import type { RunError } from '../../../stages/errors.ts';
import { rejection } from '../../config/scratch.ts';

describe('the address of an AWS client', () => {
  const addressWith = async (endpoint: string) => {
    process.env.AWS_ENDPOINT_URL = endpoint;
    const client = await identityPoolClient('cn-north-1', { retries: 0, baseMs: 0, capMs: 0 });
    return addressOf(client, 'the identity pool').finally(() => client.destroy());
  };

  after(() => {
    delete process.env.AWS_ENDPOINT_URL;
  });

  it('is that of its region', async () => {
    expect(await addressWith('')).to.equal('https://cognito-identity.cn-north-1.amazonaws.com.cn');
  });

  for (const endpoint of [
    'http://127.0.0.1:9',
    'http://localhost:9',
    'http://[::1]:9',
    'https://aws.example',
  ]) {
    it(`may be ${endpoint}`, async () => {
      expect(await addressWith(endpoint)).to.equal(endpoint);
    });
  }

  for (const endpoint of [
    'http://aws.example',
    'http://0.0.0.0:9',
    'http://127.0.0.1.example.com',
    'http://127.0.0.1@example.com',
    'http://x.localhost:9',
    'http://[::2]:9',
  ]) {
    it(`may not be ${endpoint}`, async () => {
      const { code, message } = await rejection<RunError>(addressWith(endpoint));
      expect([code, message.includes('is not https')]).to.deep.equal(['endpoint_not_safe', true]);
    });
  }
});
