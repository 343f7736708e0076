/**
 * How a person gets tokens: InitiateAuth, then challenge after challenge through RespondToAuthChallenge.
 * docs/services.md, "Amplify Gen 2: sign-in": the default app client allows SRP, custom auth and refresh, and nothing else.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { AwsError, type AwsInput, mapOf, textOf } from './aws-json.ts';
import type { Devices, PoolDevice } from './devices.ts';
import { expectedSignature, type Handshake, startHandshake } from './srp.ts';
import type { AuthenticationResult, Tokens } from './tokens.ts';
import { type PoolUser, policyFault, totp, type Users } from './users.ts';

interface SignInOptions {
  poolId: string;
  users: Users;
  tokens: Tokens;
  /** False: an unknown name is answered with UserNotFoundException. */
  preventUserExistenceErrors: boolean;
  /** With rotation a client gets new tokens by GetTokensFromRefreshToken only. */
  rotation: boolean;
  devices: Devices;
  now: () => number;
}

type Challenge = 'NEW_PASSWORD_REQUIRED' | 'SOFTWARE_TOKEN_MFA' | 'SMS_MFA';

interface PasswordState {
  readonly handshake: Handshake;
  /** Null for a name that nobody has. */
  readonly user: PoolUser | null;
  readonly userId: string;
}

interface DeviceState {
  readonly device: PoolDevice;
  /** Null before SRP_A has come. */
  readonly handshake: Handshake | null;
}

interface ChallengeState {
  readonly challenge: Challenge;
  readonly user: PoolUser;
}

/** Answer of both operations: a challenge, or tokens. */
interface AuthResponse {
  ChallengeName?: string;
  ChallengeParameters: Record<string, string>;
  Session?: string;
  AuthenticationResult?: AuthenticationResult;
}

/** The form is in Cognito's own refusal; the clients' sources warn of a zero before the day. */
const TIMESTAMP =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([1-9]|[12]\d|3[01]) [012]\d:[0-5]\d:[0-5]\d UTC \d{4}$/;

const wrongPassword = () => new AwsError('NotAuthorizedException', 'Incorrect username or password.');

/** How long a challenge may be answered, as in Cognito. */
const SESSION_MS = 180_000;

/** What the pool remembers between a challenge and its answer, under an opaque text that counts once. */
function createSessions<State>(now: () => number) {
  const entries = new Map<string, { state: State; expiresMs: number; used: boolean }>();
  return {
    open(state: State) {
      const session = randomBytes(384).toString('base64');
      entries.set(session, { state, expiresMs: now() + SESSION_MS, used: false });
      return session;
    },
    /** @throws AwsError NotAuthorizedException when unknown, used or too old. */
    read(session: string): State {
      const entry = entries.get(session);
      const why = entry?.used
        ? ', session can only be used once'
        : entry && now() >= entry.expiresMs
          ? ', session is expired'
          : '';
      if (!entry || why) throw new AwsError('NotAuthorizedException', `Invalid session for the user${why}.`);
      return entry.state;
    },
    /** From now on the session counts as used. */
    close(session: string) {
      entries.get(session)!.used = true;
    },
  };
}

/** @throws AwsError CodeMismatchException, ExpiredCodeException (a code that was used before) */
function refuseWrongCode(code: string, user: PoolUser, nowMs: number): void {
  // Clocks differ.
  const accepted = [-30_000, 0, 30_000].map(offset => totp(user.totpSecret, nowMs + offset));
  if (!(user.mfa === 'sms' ? [user.smsCode] : accepted).includes(code))
    throw new AwsError('CodeMismatchException', 'Invalid code received for user');
  user.smsCode = null;
  if (user.usedCodes.has(code))
    throw new AwsError('ExpiredCodeException', 'Your software token has already been used once.');
  user.usedCodes.add(code);
}

/** Both operations throw AwsErrors as Cognito names them. */
export function createSignIn(options: SignInOptions) {
  const { users, tokens, poolId } = options;
  const poolName = poolId.split('_')[1]!;
  const passwords = createSessions<PasswordState>(options.now);
  const proofs = createSessions<DeviceState>(options.now);
  const challenges = createSessions<ChallengeState>(options.now);

  const startSrp = (parameters: Record<string, string>): AuthResponse => {
    const name = textOf(parameters, 'USERNAME');
    const user = users.find(name);
    if (!user && !options.preventUserExistenceErrors) {
      throw new AwsError('UserNotFoundException', 'User does not exist.');
    }
    // Belief: Cognito tells of a reset before it asks for the password, of a missing confirmation after it.
    if (user?.status === 'RESET_REQUIRED') {
      throw new AwsError('PasswordResetRequiredException', 'Password reset required for the user');
    }
    const { sub, salt, verifier } = user ?? users.simulated(name);
    const handshake = startHandshake(textOf(parameters, 'SRP_A'), verifier());
    if (!handshake) throw new AwsError('InvalidParameterException', 'Invalid SRP_A.');
    return {
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeParameters: {
        SALT: salt,
        SECRET_BLOCK: passwords.open({ handshake, user, userId: sub }),
        SRP_B: handshake.serverPublic.toString(16),
        USERNAME: sub,
        USER_ID_FOR_SRP: sub,
      },
    };
  };

  const verifyPassword = (answers: Record<string, string>): AuthResponse => {
    const secretBlock = textOf(answers, 'PASSWORD_CLAIM_SECRET_BLOCK');
    const timestamp = textOf(answers, 'TIMESTAMP');
    const signature = textOf(answers, 'PASSWORD_CLAIM_SIGNATURE');
    if (!TIMESTAMP.test(timestamp)) {
      throw new AwsError(
        'InvalidParameterException',
        'TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.',
      );
    }
    const { handshake, user, userId } = passwords.read(secretBlock);
    refuseAlias(answers, userId);
    passwords.close(secretBlock);
    const expected = expectedSignature(handshake, { poolName, userId, secretBlock, timestamp });
    if (!user || signature !== expected) throw wrongPassword();
    if (user.status === 'UNCONFIRMED') {
      throw new AwsError('UserNotConfirmedException', 'User is not confirmed.');
    }
    return user.status === 'FORCE_CHANGE_PASSWORD'
      ? ask('NEW_PASSWORD_REQUIRED', user)
      : afterPassword(user, answers.DEVICE_KEY);
  };

  /** A device that is remembered does without a second factor. */
  const afterPassword = (user: PoolUser, deviceKey?: string): AuthResponse => {
    const device = options.devices.remembered(user, deviceKey);
    if (device) {
      return {
        ChallengeName: 'DEVICE_SRP_AUTH',
        ChallengeParameters: {},
        Session: proofs.open({ device, handshake: null }),
      };
    }
    if (user.mfa === 'totp') return ask('SOFTWARE_TOKEN_MFA', user);
    if (user.mfa === 'sms') {
      user.smsCode = String(randomInt(1_000_000)).padStart(6, '0');
      return ask('SMS_MFA', user);
    }
    return { ChallengeParameters: {}, AuthenticationResult: tokens.issue(user) };
  };

  const proveDevice = (name: string, input: AwsInput, answers: Record<string, string>): AuthResponse => {
    const session =
      name === 'DEVICE_SRP_AUTH' ? textOf(input, 'Session') : textOf(answers, 'PASSWORD_CLAIM_SECRET_BLOCK');
    const { device, handshake } = proofs.read(session);
    proofs.close(session);
    if (textOf(answers, 'DEVICE_KEY') !== device.key) throw wrongPassword();
    const { key, groupKey, user, proof } = device;
    if (!handshake) {
      const started = startHandshake(textOf(answers, 'SRP_A'), proof!.verifier);
      if (!started) throw new AwsError('InvalidParameterException', 'Invalid SRP_A.');
      const SECRET_BLOCK = proofs.open({ device, handshake: started });
      const SRP_B = started.serverPublic.toString(16);
      return {
        ChallengeName: 'DEVICE_PASSWORD_VERIFIER',
        ChallengeParameters: { SALT: proof!.salt, SECRET_BLOCK, SRP_B, DEVICE_KEY: key, USERNAME: user.sub },
      };
    }
    const timestamp = textOf(answers, 'TIMESTAMP');
    const expected = expectedSignature(handshake, {
      poolName: groupKey,
      userId: key,
      secretBlock: session,
      timestamp,
    });
    if (textOf(answers, 'PASSWORD_CLAIM_SIGNATURE') !== expected) throw wrongPassword();
    return { ChallengeParameters: {}, AuthenticationResult: tokens.issue(user, key) };
  };

  const ask = (challenge: Challenge, user: PoolUser): AuthResponse => ({
    ChallengeName: challenge,
    ChallengeParameters: { USER_ID_FOR_SRP: user.sub, ...parametersOf(challenge, user) },
    Session: challenges.open({ challenge, user }),
  });

  const answerChallenge = (name: string, input: AwsInput, answers: Record<string, string>): AuthResponse => {
    const session = textOf(input, 'Session');
    const { challenge, user } = challenges.read(session);
    // Here an alias will do: pycognito answers MFA with the address that people typed.
    if (challenge !== name || users.find(answers.USERNAME!) !== user)
      throw new AwsError('NotAuthorizedException', 'Invalid session for the user.');
    if (challenge === 'NEW_PASSWORD_REQUIRED') {
      const password = textOf(answers, 'NEW_PASSWORD');
      const fault = policyFault(password);
      if (fault) {
        throw new AwsError('InvalidPasswordException', `Password did not conform with policy: ${fault}`);
      }
      challenges.close(session);
      users.setPassword(user, password);
      user.status = 'CONFIRMED';
      return afterPassword(user);
    }
    // A wrong code leaves the session open: the person may type again.
    refuseWrongCode(textOf(answers, `${challenge}_CODE`), user, options.now());
    challenges.close(session);
    return { ChallengeParameters: {}, AuthenticationResult: tokens.issue(user) };
  };

  return {
    initiateAuth(input: AwsInput): AuthResponse {
      const parameters = mapOf(input, 'AuthParameters');
      const flow = textOf(input, 'AuthFlow');
      if (flow === 'USER_SRP_AUTH') return startSrp(parameters);
      const isRefresh = flow === 'REFRESH_TOKEN_AUTH' || flow === 'REFRESH_TOKEN';
      if (isRefresh && !options.rotation) {
        const token = textOf(parameters, 'REFRESH_TOKEN');
        return {
          ChallengeParameters: {},
          AuthenticationResult: tokens.refresh(token, parameters.DEVICE_KEY),
        };
      }
      throw new AwsError('InvalidParameterException', `${flow} flow not enabled for this client`);
    },
    respondToAuthChallenge(input: AwsInput): AuthResponse {
      const answers = mapOf(input, 'ChallengeResponses');
      const name = textOf(input, 'ChallengeName');
      textOf(answers, 'USERNAME');
      if (name.startsWith('DEVICE_')) return proveDevice(name, input, answers);
      return name === 'PASSWORD_VERIFIER' ? verifyPassword(answers) : answerChallenge(name, input, answers);
    },
  };
}

/**
 * Cognito's documentation asks for the user's real name here (USERNAME of the challenge), never for the alias that
 * InitiateAuth takes. Whether it refuses the alias everywhere is not known; whoever sends the real name is safe.
 */
function refuseAlias(answers: Record<string, string>, userId: string): void {
  if (answers.USERNAME === userId) return;
  throw new AwsError(
    'InvalidParameterException',
    'USERNAME must be the user name that the challenge gave (USER_ID_FOR_SRP), not an alias.',
  );
}

function parametersOf(challenge: Challenge, user: PoolUser): Record<string, string> {
  if (challenge === 'NEW_PASSWORD_REQUIRED') {
    const userAttributes = JSON.stringify({ email_verified: 'true', email: user.email });
    return { requiredAttributes: '[]', userAttributes };
  }
  if (challenge === 'SOFTWARE_TOKEN_MFA') return { FRIENDLY_DEVICE_NAME: 'authenticator' };
  return { CODE_DELIVERY_DELIVERY_MEDIUM: 'SMS', CODE_DELIVERY_DESTINATION: '+*******0100' };
}
