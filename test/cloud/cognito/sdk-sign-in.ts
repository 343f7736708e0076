/** Sign-in through AWS's SDK and `cognito-srp-helper`, neither of them ours, for tests of the pool. */
import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  type InitiateAuthCommandOutput,
  RespondToAuthChallengeCommand,
  type RespondToAuthChallengeCommandOutput,
} from '@aws-sdk/client-cognito-identity-provider';
import { createSrpSession, signSrpSession, wrapAuthChallenge } from 'cognito-srp-helper';
import type { UserPool } from './user-pool.ts';

/** An SDK client that talks to the pool, once. */
export function sdkClient(pool: UserPool): CognitoIdentityProviderClient {
  return new CognitoIdentityProviderClient({
    region: pool.region,
    endpoint: pool.service.url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
  });
}

/** SRP up to the pool's answer to the password: tokens or the next challenge. `change` tampers with the proof. */
export async function srpSignIn(
  pool: UserPool,
  username: string,
  password: string,
  change: (responses: Record<string, string>) => Record<string, string> = responses => responses,
): Promise<RespondToAuthChallengeCommandOutput> {
  const client = sdkClient(pool);
  const session = createSrpSession(username, password, pool.poolId, false);
  const challenge = await client.send(
    new InitiateAuthCommand({
      ClientId: pool.clientId,
      AuthFlow: 'USER_SRP_AUTH',
      AuthParameters: { USERNAME: username, SRP_A: session.largeA },
    }),
  );
  const { ChallengeResponses } = wrapAuthChallenge(signSrpSession(session, challenge), {
    ClientId: pool.clientId,
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeResponses: { USERNAME: challenge.ChallengeParameters!.USER_ID_FOR_SRP! },
  });
  return client.send(
    new RespondToAuthChallengeCommand({
      ClientId: pool.clientId,
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeResponses: change(ChallengeResponses),
    }),
  );
}

/** The answer to a challenge that came with a session. */
export function respond(
  pool: UserPool,
  challenge: RespondToAuthChallengeCommandOutput,
  answers: Record<string, string>,
): Promise<RespondToAuthChallengeCommandOutput> {
  return sdkClient(pool).send(
    new RespondToAuthChallengeCommand({
      ClientId: pool.clientId,
      ChallengeName: challenge.ChallengeName,
      Session: challenge.Session,
      ChallengeResponses: { USERNAME: challenge.ChallengeParameters!.USER_ID_FOR_SRP!, ...answers },
    }),
  );
}

/** InitiateAuth with whatever flow and parameters. */
export function initiate(
  pool: UserPool,
  AuthFlow: 'USER_SRP_AUTH' | 'REFRESH_TOKEN_AUTH' | 'USER_PASSWORD_AUTH' | 'CUSTOM_AUTH',
  AuthParameters: Record<string, string>,
): Promise<InitiateAuthCommandOutput> {
  return sdkClient(pool).send(new InitiateAuthCommand({ ClientId: pool.clientId, AuthFlow, AuthParameters }));
}

/** `Name: message` of the error that a promise ends with. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
  return 'not refused';
}
