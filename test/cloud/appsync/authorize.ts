/** Who asks: the token goes bare in `Authorization` (docs/services.md, AppSync). */
import { TokenError } from '../cognito/tokens.ts';
import type { UserPool } from '../cognito/user-pool.ts';

/** The groups of the person, or why the request is refused (with HTTP 401). ID and access tokens are both taken. */
export function authorize(
  header: string | undefined,
  userPool: UserPool,
): { groups: string[] } | { refusal: string } {
  if (!header) return { refusal: 'Missing authorization header' };
  // A prefix, or a signature of IAM or an API key, which this API is not set up for.
  if (header.split('.').length !== 3 || header.includes(' ')) {
    return { refusal: 'Valid authorization header not provided.' };
  }
  try {
    const claims = userPool.verifyToken(header);
    const groups = claims['cognito:groups'];
    return { groups: Array.isArray(groups) ? groups : [] };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { refusal: error.reason === 'expired' ? 'Token has expired.' : 'Unable to parse JWT token.' };
  }
}
