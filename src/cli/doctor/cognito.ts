import { RunError } from '../../../stages/errors.ts';
import { KEYS_FOR } from '../../config/require-keys.ts';
import type { Check } from './check.ts';

export const signIn: Check = {
  name: 'cognito_sign_in',
  title: 'Cognito sign-in',
  keys: KEYS_FOR.cognito,
  async run({ loaded, services }) {
    await (await services.session()).idToken();
    return loaded.config.aws.cognito.username;
  },
};

export const groups: Check = {
  name: 'admins_group',
  title: 'Group',
  after: ['cognito_sign_in'],
  async run({ loaded, services }) {
    const { cognito, amplify } = loaded.config.aws;
    const group = amplify.storage_group;
    const list = await (await services.session()).groups();
    if (list.includes(group)) return list.join(', ');
    throw new RunError(
      'not_in_group',
      `${cognito.username} is not in the group ${group} (${list.join(', ') || 'in no group'}).`,
      `Add the user to ${group} in the Cognito console (User pools, Groups), then "migrator login aws".`,
    );
  },
};

/** The identity pool returns credentials of the group's role. */
export const keys: Check = {
  name: 'identity_pool_keys',
  title: 'Identity pool',
  after: ['cognito_sign_in'],
  keys: ['aws.cognito.identity_pool_id'],
  async run({ services }) {
    const session = await services.session();
    const { expiration } = await session.credentials();
    const role = await session.keysRole();
    const which = role ? `role ${role.slice(role.lastIndexOf('/') + 1)}` : 'the role of all signed-in users';
    return `keys of ${which}, until ${expiration.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  },
};
