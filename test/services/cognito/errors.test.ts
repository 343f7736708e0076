import { expect } from 'chai';
import { type Circumstances, classify, type Step } from '../../../src/services/cognito/errors.ts';
import { RunError } from '../../../stages/errors.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

const at = (step: Step, endpoint = 'https://cognito-idp.eu-west-1.amazonaws.com'): Circumstances => ({
  step,
  endpoint,
  username: 'someone@example.com',
  userPoolId: 'eu-west-1_Pool',
  clientId: 'client1',
  identityPoolId: 'eu-west-1:pool',
  now: NOW,
});

/** An error as the AWS SDK throws it for an answer. */
function answer(name: string, message = '', status = 400, date = new Date(NOW)): Error {
  const $response = { statusCode: status, headers: { date: date.toUTCString() } };
  return Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
    $response,
  });
}

function network(code: string, name = 'Error'): Error {
  return Object.assign(new Error(`connect ${code}`), { code, name });
}

const anHourLater = new Date(NOW + 3_600_000);

const denied = (message: string, date?: Date) => answer('NotAuthorizedException', message, 400, date);
const invalid = (message: string) => answer('InvalidParameterException', message);
const unknown = (message: string) => answer('ResourceNotFoundException', message);
const late = Object.assign(new Error('slow'), { name: 'TimeoutError' });

/** By step: the error, the code that it becomes, and a part of the message. */
const ROWS: Record<Step, [Error, string, string][]> = {
  sign_in: [
    [denied('Incorrect username or password.'), 'wrong_password', 'wrong user name or password'],
    [denied('User is disabled.'), 'user_disabled', 'someone@example.com is disabled'],
    [denied('Password attempts exceeded'), 'too_many_attempts', 'too many wrong passwords'],
    [denied('Client is configured with secret but …'), 'client_has_secret', 'client1 has a client secret'],
    [denied('Incorrect username or password.', anHourLater), 'clock_skew', '60 minutes behind'],
    [answer('UserNotFoundException'), 'user_unknown', 'has no user someone@example.com'],
    [answer('PasswordResetRequiredException'), 'password_reset_required', 'has to be reset'],
    [answer('UserNotConfirmedException'), 'user_not_confirmed', 'never confirmed'],
    [unknown('User pool client x does not exist.'), 'user_pool_unknown', 'eu-west-1_Pool with app client'],
    [invalid('USER_SRP_AUTH is not enabled.'), 'srp_not_enabled', 'ALLOW_USER_SRP_AUTH'],
    [answer('UserLambdaValidationException', 'PreAuth: no.'), 'refused_by_trigger', 'PreAuth'],
    [answer('TooManyRequestsException'), 'too_many_requests', 'too many requests'],
    [answer('Whatever', '', 429), 'too_many_requests', 'too many requests'],
    [answer('SyntaxError', 'Unexpected token <', 503), 'endpoint_failing', 'HTTP 503'],
    [network('ECONNREFUSED'), 'endpoint_not_answering', 'amazonaws.com does not respond (ECONNREFUSED)'],
    [late, 'endpoint_not_answering', 'does not respond in time'],
    [network('SELF_SIGNED_CERT_IN_CHAIN'), 'certificate_not_trusted', 'is not trusted'],
    [answer('SomethingNew', 'odd'), 'sign_in_failed', 'SomethingNew: odd'],
  ],
  renewal: [
    [denied('Refresh Token has been revoked', anHourLater), 'sign_in_expired', 'revoked or has expired'],
    [answer('RefreshTokenReuseException'), 'sign_in_expired', 'rotation'],
    [invalid('flow not enabled'), 'renewal_not_enabled', 'ALLOW_REFRESH_TOKEN_AUTH'],
  ],
  keys: [
    [denied('Invalid login token. Token expired: 1 >= 0'), 'identity_token_expired', 'as expired'],
    [
      denied('Token is not from a supported provider …'),
      'identity_pool_refuses',
      'gives someone@example.com no',
    ],
    [unknown("IdentityPool 'x' not found."), 'identity_pool_unknown', 'no identity pool eu-west-1:pool'],
    [answer('InvalidIdentityPoolConfigurationException'), 'identity_pool_roles', 'no role'],
  ],
};

describe('what Cognito’s refusals mean', () => {
  for (const [step, error, code, expected] of Object.entries(ROWS).flatMap(([step, rows]) =>
    rows.map(row => [step as Step, ...row] as const),
  )) {
    it(`${step}: ${error.name} "${error.message}" is ${code}`, () => {
      const classified = classify(error, at(step));
      expect(classified).to.be.instanceOf(RunError);
      expect(classified.code).to.equal(code);
      expect(classified.message).to.contain(expected);
      expect(classified.remedy).not.to.equal('');
    });
  }

  it('points to the endpoint variables when the endpoint is not AWS’s', () => {
    const error = classify(network('ECONNREFUSED'), at('sign_in', 'http://127.0.0.1:1'));
    expect(error.remedy).to.contain('AWS_ENDPOINT_URL');
    expect(classify(network('ECONNREFUSED'), at('sign_in')).remedy).to.contain('aws.region');
  });

  it('gives a RunError back as it is', () => {
    const error = new RunError('x', 'y', 'z');
    expect(classify(error, at('keys'))).to.equal(error);
  });

  it('never repeats anything as long as a token', () => {
    const token = 'eyJ'.padEnd(900, 'x');
    const { message } = classify(
      answer('ValidationException', `Value '${token}' at 'refreshToken'`),
      at('renewal'),
    );
    expect(message).to.contain("Value '…' at").and.not.contain(token.slice(0, 60));
  });
});
