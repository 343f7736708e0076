import { RunError } from '../../../stages/errors.ts';
import { isSafeEndpoint } from '../../config/endpoint.ts';

/**
 * Where a redirect of Drive leads. The caller leaves out the sign-in and resource keys where the origin is another one. Throws RunError
 * for an address that is not https (http only on loopback): anybody could answer there.
 */
export function redirectTarget(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (target && isSafeEndpoint(target.href)) return target;
  throw new RunError(
    'drive_redirected',
    `${from.origin} redirects to ${target ? `${target.origin}, which is not https` : 'an invalid address'}.`,
    'Check the network: the sign-in page of a Wi-Fi, or a proxy, may have answered instead of Google (and check google_drive.api_url, if you set it).',
  );
}
