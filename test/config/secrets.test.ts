import { expect } from 'chai';
import { withoutSecrets } from '../../src/config/secrets.ts';

const JWT = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(40)}`;

describe('text without secrets', () => {
  for (const [what, secret] of [
    ['a Cognito token', JWT],
    ['a Cognito refresh token', `eyJjdHkiOiJKV1QifQ.${'x'.repeat(50)}.y1.${'z'.repeat(30)}.w2`],
    ['a Google access token', `ya29.${'A'.repeat(60)}`],
    ['a Google refresh token', `1//0${'g'.repeat(50)}`],
    ['a Google code', `4/0A${'c'.repeat(48)}`],
    ['a Google client secret', 'GOCSPX-abcdefghijklmnop'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----'],
  ] as const) {
    it(`hides ${what} anywhere`, () => {
      const json = JSON.stringify({ x: secret });
      for (const text of [secret, `got ${secret}.`, json, `https://x/?a=${secret}&b=1`])
        expect(withoutSecrets(text)).not.to.contain(secret.slice(10, 30));
    });
  }

  it('hides the value after a name that says so', () => {
    for (const text of [
      'password=Correct-Horse-1&x=1',
      '{"refresh_token":"opaque-text-1"}',
      '{\\"client_secret\\":\\"opaque-text-1\\"}',
      "{ secretAccessKey: 'opaque/text+1' }",
      'Authorization: Bearer opaque-text-1',
      'X-Amz-Signature=0123456789abcdef&y',
      'X-Amz-Security-Token=opaque%2Ftext',
      'code_verifier=opaque-text-1',
    ]) {
      expect(withoutSecrets(text))
        .to.contain('[hidden]')
        .and.not.match(/opaque|Correct|0123456789abcdef/);
    }
  });

  it('are found in time that grows with the text', () => {
    const hostile = [
      'eyJ-'.repeat(100_000),
      'eyJa.'.repeat(80_000),
      'secret'.repeat(70_000),
      `secret${' '.repeat(400_000)}`,
    ];
    const before = performance.now();
    for (const text of hostile) withoutSecrets(text);
    expect(performance.now() - before).to.be.below(5_000);
  });

  it('has no secret that is known, whatever it looks like', () => {
    expect(withoutSecrets('it was "a b c!"', ['a b c!'])).to.equal('it was "[hidden]"');
  });

  it('leaves other text as it is', () => {
    for (const text of [
      '6602.jpg (1dkJWtysG4FWJMrEubFvAkrmA1BaDnITa): Drive refused the download.',
      'media/57b458a7-7f18-4ff1-99cd-d7f32eb166d6/1-500/6602.jpg',
      'Check the password (AMPLIFY_MEDIA_MIGRATOR_PASSWORD, if it is set).',
      '{"key":"media/1/2.jpg","md5":"d41d8cd98f00b204e9800998ecf8427e","prefix":"1//x"}',
      '/home/a/.amplify-media-migrator/google_token.json does not exist.',
      'Wrong token_uri: https://oauth2.googleapis.com/token',
    ])
      expect(withoutSecrets(text)).to.equal(text);
  });
});
