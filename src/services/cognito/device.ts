/** User pools that remember devices: this program is one (Cognito developer guide, "Working with user devices"). */
import type {
  CognitoIdentityProviderClient,
  RespondToAuthChallengeCommandOutput,
} from '@aws-sdk/client-cognito-identity-provider';
import type { Circumstances } from './errors.ts';
import type { AuthenticationResult } from './tokens.ts';

/** What the pool knows this program by. The password is a secret. */
export interface Device {
  key: string;
  groupKey: string;
  password: string;
}

/**
 * Confirms the device that the pool has named at the sign-in; null if it has named none. Pools that always remember
 * devices refuse to renew tokens otherwise (docs/services.md, Cognito).
 */
export async function confirmDevice(
  client: CognitoIdentityProviderClient,
  { NewDeviceMetadata: metadata, AccessToken }: AuthenticationResult,
): Promise<Device | null> {
  const { DeviceKey: key, DeviceGroupKey: groupKey } = metadata ?? {};
  if (!key || !groupKey || !AccessToken) return null;
  const [{ ConfirmDeviceCommand }, { createDeviceVerifier }] = await Promise.all([
    import('@aws-sdk/client-cognito-identity-provider'),
    import('cognito-srp-helper'),
  ]);
  const { DeviceRandomPassword, DeviceSecretVerifierConfig } = createDeviceVerifier(key, groupKey);
  const command = new ConfirmDeviceCommand({
    AccessToken,
    DeviceKey: key,
    DeviceName: 'amplify-media-migrator',
    DeviceSecretVerifierConfig,
  });
  // The user is signed in all the same; at worst the tokens cannot be renewed, which is said when they end.
  await client.send(command).catch(() => {});
  return { key, groupKey, password: DeviceRandomPassword };
}

/** Answers DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER. Throws the SDK's errors as they are. */
export async function proveDevice(
  client: CognitoIdentityProviderClient,
  challenge: RespondToAuthChallengeCommandOutput,
  userId: string,
  device: Device,
  at: Circumstances,
): Promise<RespondToAuthChallengeCommandOutput> {
  const [{ RespondToAuthChallengeCommand }, srp] = await Promise.all([
    import('@aws-sdk/client-cognito-identity-provider'),
    import('cognito-srp-helper'),
  ]);
  const session = srp.createSrpSession(userId, device.password, at.userPoolId, false);
  const respond = (
    ChallengeName: 'DEVICE_SRP_AUTH' | 'DEVICE_PASSWORD_VERIFIER',
    Session: string | undefined,
    answers: Record<string, string>,
  ) =>
    client.send(
      new RespondToAuthChallengeCommand({
        ChallengeName,
        ClientId: at.clientId,
        Session,
        ChallengeResponses: { USERNAME: userId, DEVICE_KEY: device.key, ...answers },
      }),
    );
  const verifier = await respond('DEVICE_SRP_AUTH', challenge.Session, { SRP_A: session.largeA });
  const parameters = { DEVICE_KEY: device.key, ...verifier.ChallengeParameters };
  const signed = srp.signSrpSessionWithDevice(
    session,
    { ...verifier, ChallengeParameters: parameters },
    device.groupKey,
    device.password,
  );
  return respond('DEVICE_PASSWORD_VERIFIER', verifier.Session, {
    PASSWORD_CLAIM_SECRET_BLOCK: signed.secret,
    PASSWORD_CLAIM_SIGNATURE: signed.passwordSignature,
    TIMESTAMP: signed.timestamp,
  });
}
