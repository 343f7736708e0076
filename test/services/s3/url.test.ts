import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { objectUrls } from '../../../src/services/s3/url.ts';

const ROOT = 'https://my-bucket.s3.eu-central-1.amazonaws.com';

const CASES: [key: string, path: string][] = [
  ['media/obs/6602.jpg', 'media/obs/6602.jpg'],
  ['media/obs/6602 (1).jpg', 'media/obs/6602%20%281%29.jpg'],
  ["media/obs/1!'*.jpg", 'media/obs/1%21%27%2A.jpg'],
  ['media/obs/1,2+3.jpg', 'media/obs/1%2C2%2B3.jpg'],
  ['media/obs/50%.jpg', 'media/obs/50%25.jpg'],
  ['media/obs/%20.jpg', 'media/obs/%2520.jpg'],
  ['media/obs/a?b#c&d=e.jpg', 'media/obs/a%3Fb%23c%26d%3De.jpg'],
  ['media/obs/a:b@c;d$e.jpg', 'media/obs/a%3Ab%40c%3Bd%24e.jpg'],
  ['media/obs/a\\b"c<d>.jpg', 'media/obs/a%5Cb%22c%3Cd%3E.jpg'],
  ['media/obs/é.jpg', 'media/obs/%C3%A9.jpg'],
  ['media/obs/e\u0301.jpg', 'media/obs/e%CC%81.jpg'],
  ['media/obs/שלום.jpg', 'media/obs/%D7%A9%D7%9C%D7%95%D7%9D.jpg'],
  ['media/obs/🦅.mov', 'media/obs/%F0%9F%A6%85.mov'],
  ['media/obs/-._~.jpg', 'media/obs/-._~.jpg'],
];

describe('the URL of an object', () => {
  it('holds nothing but unreserved characters, and leads back to the key', async () => {
    const urlOf = await objectUrls('my-bucket', 'eu-central-1');
    for (const [key, path] of CASES) {
      const url = urlOf(key);
      expect(url).to.equal(`${ROOT}/${path}`);
      expect(url).to.match(/^https:\/\/[A-Za-z0-9\-._~%/]+$/);
      expect(decodeURIComponent(new URL(url).pathname.slice(1))).to.equal(key);
    }
  });

  it('is at the address that the SDK uses, in every region of every partition', async () => {
    const client = new S3Client({ region: 'us-east-1' });
    const address = (Bucket: string, Region: string) =>
      client.config.endpointProvider({ Bucket, Region }).url;
    const regions = regionsOfTheSdk();
    expect(regions).to.include.members(['us-east-1', 'cn-north-1', 'eusc-de-east-1', 'us-iso-east-1']);
    for (const region of regions) {
      for (const bucket of ['my-bucket', 'my.bucket']) {
        const expected = `${address(bucket, region).href.replace(/\/$/, '')}/media/a.jpg`;
        expect((await objectUrls(bucket, region))('media/a.jpg')).to.equal(expected);
      }
    }
    client.destroy();
  });
});

/** The SDK exports what it knows of one region, but no list. */
function regionsOfTheSdk(): string[] {
  const folder = createRequire(import.meta.url)
    .resolve('@aws-sdk/core/package.json')
    .replace('package.json', '');
  const path = join(folder, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  return [...readFileSync(path, 'utf8').matchAll(/"((?:[a-z]+-)+\d+)": \{/g)].map(([, region]) => region!);
}
