/** Devices that the pool remembers ("Working with user devices in your user pool", Cognito developer guide). */
import { randomBytes, randomUUID } from 'node:crypto';
import { AwsError } from './aws-json.ts';
import type { PoolUser } from './users.ts';

/** `always`: a confirmed device is remembered, an unconfirmed one may not renew. `opt-in`: only if the user says so. */
export type DeviceMode = 'off' | 'always' | 'opt-in';

export interface PoolDevice {
  readonly key: string;
  readonly groupKey: string;
  readonly user: PoolUser;
  /** Null before it is confirmed. */
  proof: { readonly salt: string; readonly verifier: bigint } | null;
}

export type Devices = ReturnType<typeof createDevices>;

const noSuchDevice = () => new AwsError('ResourceNotFoundException', 'Device does not exist.');

export function createDevices(mode: DeviceMode, region: string) {
  const all = new Map<string, PoolDevice>();
  return {
    all: all as ReadonlyMap<string, PoolDevice>,
    /** A new device at a sign-in; null where the pool remembers none. */
    add(user: PoolUser) {
      if (mode === 'off') return null;
      const device: PoolDevice = {
        key: `${region}_${randomUUID()}`,
        groupKey: `-${randomBytes(4).toString('hex')}`,
        user,
        proof: null,
      };
      all.set(device.key, device);
      return { DeviceKey: device.key, DeviceGroupKey: device.groupKey };
    },
    /** @throws AwsError InvalidParameterException, ResourceNotFoundException. True if the user still has to agree. */
    confirm(user: PoolUser, key: string, config: unknown) {
      const device = all.get(key);
      if (device?.user !== user) throw noSuchDevice();
      const { PasswordVerifier, Salt } = (config ?? {}) as Record<string, unknown>;
      if (typeof PasswordVerifier !== 'string' || typeof Salt !== 'string') {
        throw new AwsError('InvalidParameterException', 'Invalid device secret verifier given.');
      }
      const hex = (text: string) => Buffer.from(text, 'base64').toString('hex');
      device.proof = { salt: hex(Salt), verifier: BigInt(`0x${hex(PasswordVerifier)}`) };
      return mode === 'opt-in';
    },
    /** A device that the user may prove to have; null if it is not remembered. @throws AwsError ResourceNotFoundException */
    remembered(user: PoolUser, key: string | undefined) {
      if (key === undefined) return null;
      const device = all.get(key);
      if (device?.user !== user) throw noSuchDevice();
      return mode === 'always' && device.proof ? device : null;
    },
    mayRenew(deviceKey: string | null, given: string | undefined) {
      if (deviceKey === null) return true;
      return given === deviceKey && (mode === 'opt-in' || all.get(deviceKey)?.proof != null);
    },
    /** As an administrator does it. */
    forgetAll: () => all.clear(),
  };
}
