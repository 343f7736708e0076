/** What the pool remembers between a challenge and its answer, under an opaque text that counts once. */
import { randomBytes } from 'node:crypto';
import { AwsError } from './aws-json.ts';

/** Sessions that live `lifetimeSeconds`; Cognito's own default is 180. `now` is ms since 1970. */
export function createSessions<State>(lifetimeSeconds: number, now: () => number) {
  const entries = new Map<string, { state: State; expiresMs: number; used: boolean }>();
  return {
    open(state: State) {
      const session = randomBytes(384).toString('base64');
      entries.set(session, { state, expiresMs: now() + lifetimeSeconds * 1000, used: false });
      return session;
    },
    /** @throws AwsError NotAuthorizedException when unknown, used or too old. */
    read(session: string): State {
      const entry = entries.get(session);
      if (!entry) throw new AwsError('NotAuthorizedException', 'Invalid session for the user.');
      if (entry.used) {
        throw new AwsError(
          'NotAuthorizedException',
          'Invalid session for the user, session can only be used once.',
        );
      }
      if (now() >= entry.expiresMs) {
        throw new AwsError('NotAuthorizedException', 'Invalid session for the user, session is expired.');
      }
      return entry.state;
    },
    /** From now on the session counts as used. */
    close(session: string) {
      const entry = entries.get(session);
      if (entry) entry.used = true;
    },
  };
}
