/** All checks of `doctor`, in order. */
import { KEYS_FOR, requireKeys } from '../../config/require-keys.ts';
import type { Check } from './check.ts';
import { groups, keys, signIn } from './cognito.ts';
import { read, schema } from './data.ts';
import { folder, google } from './google.ts';
import { addresses, clock, proxy, quota } from './network.ts';
import { storage } from './storage.ts';

const config: Check = {
  name: 'config',
  title: 'Configuration',
  async run({ loaded, fault }) {
    if (fault) throw fault;
    requireKeys(loaded.config, [...KEYS_FOR.cognito, ...KEYS_FOR.storage, ...KEYS_FOR.data]);
    return loaded.path;
  },
};

export const CHECKS: readonly Check[] = [
  config,
  addresses,
  proxy,
  google,
  folder,
  quota,
  signIn,
  groups,
  keys,
  storage,
  read,
  schema,
  clock,
];
