import { RunError } from '../../../stages/errors.ts';
import type { Lease } from '../renewal.ts';
import type { Device } from './device.ts';
import type { SignInKey, TokenStore } from './token-store.ts';
import type { Tokens } from './tokens.ts';

export interface SharedTokensOptions {
  key: SignInKey;
  /** Null: nothing is kept, every process signs in for itself. */
  store: TokenStore | null;
  /** With the password, as the device that the pool knows from before. */
  signIn: (device: Device | null) => Promise<Tokens>;
  renew: (old: Tokens) => Promise<Tokens>;
  /** ms since the epoch. */
  now: () => number;
}

/** A renewal that fails with one of these will not succeed later either. */
const FINAL = new Set(['sign_in_expired', 'renewal_not_enabled']);

const FIVE_MINUTES_MS = 5 * 60_000;

/**
 * Gets tokens for one process, and shares them with the others: what another process has just got is taken; otherwise
 * one of them renews, or signs in where there is nothing to renew, and keeps the result for all.
 *
 * A kept sign-in that is no longer valid is forgotten, and the password asked for; one that ends while this process
 * uses it (`old`) is an error, because somebody ended it. Throws RunError.
 */
export function sharedTokens(options: SharedTokensOptions): (old: Tokens | null) => Promise<Lease<Tokens>> {
  const { key, store, signIn, renew, now } = options;

  const fromOthers = async (old: Tokens | null): Promise<Tokens | null> => {
    const kept = (await store?.find(key)) ?? null;
    return kept && kept.idToken !== old?.idToken && isFresh(kept, now()) ? kept : null;
  };

  const obtain = async (old: Tokens | null): Promise<Tokens> => {
    const held = (await store?.find(key)) ?? old;
    if (held) {
      try {
        return await renew(held);
      } catch (error) {
        if (!(error instanceof RunError && FINAL.has(error.code))) throw error;
        await store?.forget(key, held.refreshToken);
        if (old) throw error;
      }
    }
    return signIn(held?.device ?? null);
  };

  return async old => {
    const found = await fromOthers(old);
    if (found) return leaseOf(found);
    if (!store) return leaseOf(await obtain(old));
    return store.exclusively(async () => {
      const meanwhile = await fromOthers(old);
      if (meanwhile) return leaseOf(meanwhile);
      const tokens = await obtain(old);
      await store.keep(key, tokens);
      return leaseOf(tokens);
    });
  };
}

function leaseOf(tokens: Tokens): Lease<Tokens> {
  return { value: tokens, expiresAt: tokens.expiresAt };
}

/** Valid for longer than the margin in which tokens are renewed. A clock that was set back since makes it doubtful. */
function isFresh({ issuedAt, expiresAt }: Tokens, now: number): boolean {
  const margin = Math.min(FIVE_MINUTES_MS, (expiresAt - issuedAt) / 10);
  return issuedAt <= now && expiresAt - now > margin;
}
