/** User pools that remember devices: this program is one (Cognito developer guide, "Working with user devices"). */
import type {
  AuthenticationResultType,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import type { Challenge, Respond } from './challenges.ts';
import type { Circumstances } from './errors.ts';

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
  { NewDeviceMetadata: metadata, AccessToken }: AuthenticationResultType,
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
  // The user is signed in anyway; at worst the tokens cannot be renewed, and the message comes when they expire.
  await client.send(command).catch(() => {});
  return { key, groupKey, password: DeviceRandomPassword };
}

/** Answers DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER. Throws what `respond` throws. */
export async function proveDevice(
  respond: Respond,
  challenge: Challenge,
  userId: string,
  device: Device,
  at: Circumstances,
): Promise<Challenge> {
  const srp = await import('cognito-srp-helper');
  const session = srp.createSrpSession(userId, device.password, at.userPoolId, false);
  const verifier = await respond(challenge, { SRP_A: session.largeA });
  const parameters = { DEVICE_KEY: device.key, ...verifier.ChallengeParameters };
  const signed = srp.signSrpSessionWithDevice(
    session,
    { ...verifier, ChallengeParameters: parameters },
    device.groupKey,
    device.password,
  );
  return respond(verifier, signatureOf(signed));
}

/** The answer to PASSWORD_VERIFIER and DEVICE_PASSWORD_VERIFIER. */
export function signatureOf(signed: {
  secret: string;
  passwordSignature: string;
  timestamp: string;
}): Record<string, string> {
  return {
    PASSWORD_CLAIM_SECRET_BLOCK: signed.secret,
    PASSWORD_CLAIM_SIGNATURE: signed.passwordSignature,
    TIMESTAMP: signed.timestamp,
  };
}
