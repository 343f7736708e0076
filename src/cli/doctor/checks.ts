/** All that `doctor` looks at, in the order in which it says so. */
import { KEYS_FOR, requireKeys } from '../../config/require-keys.ts';
import { addresses } from './addresses.ts';
import type { Check } from './check.ts';
import { clock } from './clock.ts';
import { groups, keys, signIn } from './cognito.ts';
import { read, schema } from './data.ts';
import { folder, google } from './google.ts';
import { proxy } from './proxy.ts';
import { storage } from './storage.ts';

const config: Check = {
  name: 'config',
  title: 'Configuration',
  async run({ loaded }) {
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
  signIn,
  groups,
  keys,
  storage,
  read,
  schema,
  clock,
];
