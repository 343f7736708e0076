import { ConfigError } from './error.ts';
import type { Env } from './home.ts';

/** 127.0.0.0/8, ::1 and `localhost`. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Whether tokens may be sent to this address: https anywhere, http only on loopback (tokens are never sent unencrypted), no
 * user name or password in it.
 */
export function isSafeEndpoint(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || url.username || url.password) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Throws {@link ConfigError} for an endpoint variable of the AWS SDK with an address that tokens must not be sent to. */
export function refuseUnsafeEndpoints(env: Env): void {
  const variables = Object.keys(env).filter(name => /^AWS_ENDPOINT_URL(?:_|$)/.test(name) && env[name]);
  const name = variables.sort().find(variable => !isSafeEndpoint(env[variable]!));
  if (!name) return;
  throw new ConfigError(
    'endpoint_not_safe',
    `${name} in the environment is neither an https:// address nor on this computer: sign-in tokens would be sent unencrypted.`,
    `Set ${name} to an https:// address, or unset it to use AWS itself.`,
  );
}
