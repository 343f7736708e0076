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

/** The AWS SDK's endpoint variables that are set to an address which tokens must not be sent to. */
export function unsafeEndpointVariables(env: Env): string[] {
  return Object.keys(env)
    .filter(name => /^AWS_ENDPOINT_URL(?:_|$)/.test(name) && env[name] && !isSafeEndpoint(env[name]))
    .sort();
}
