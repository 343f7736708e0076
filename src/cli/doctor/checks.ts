/** All checks of `doctor`, in order. */
import { ConfigError } from '../../config/error.ts';
import { KEYS_FOR } from '../../config/require-keys.ts';
import { type ConfigKey, settingOf, valueAt } from '../../config/settings.ts';
import { formatCount } from '../../run/text/format.ts';
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
    const keys = new Set([...KEYS_FOR.cognito, ...KEYS_FOR.storage, ...KEYS_FOR.data]);
    const missing = [...keys].filter(key => valueAt(loaded.config, key) === '');
    if (missing.length > 0) throw incomplete(missing);
    return loaded.path;
  },
};

function incomplete(missing: ConfigKey[]): ConfigError {
  const lines = missing.map(key => `  ${key}: ${settingOf(key).summary}`);
  return new ConfigError(
    'config_incomplete',
    [`${formatCount(missing.length, 'value is', 'values are')} missing:`, ...lines].join('\n'),
    'Run "migrator config", which asks for each of them.',
  );
}

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
