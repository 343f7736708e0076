/** The tokens that Google's authorization server has given out. */
import { randomBytes } from 'node:crypto';

export const READONLY_SCOPE = 'https://www.googleapis.com/auth/drive.readonly';
export const FULL_SCOPE = 'https://www.googleapis.com/auth/drive';
export const METADATA_SCOPE = 'https://www.googleapis.com/auth/drive.metadata.readonly';
export const CLOUD_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

export interface Grant {
  email: string;
  scope: string;
  /** Null for service accounts. */
  clientId: string | null;
}

export interface TokenResponse {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  scope: string;
  token_type: 'Bearer';
  refresh_token?: string;
}

export class Tokens {
  readonly #now: () => number;
  readonly #lifetimeSeconds: number;
  readonly #access = new Map<string, Grant & { expiresAt: number; refreshToken: string | null }>();
  readonly #refresh = new Map<string, Grant>();

  /** `now`: ms since 1970. */
  constructor(now: () => number, lifetimeSeconds: number) {
    this.#now = now;
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  newRefreshToken(grant: Grant): string {
    const token = `1//${randomBytes(48).toString('base64url')}`;
    this.#refresh.set(token, grant);
    return token;
  }

  /** A new access token in Google's answer; `refreshToken` is what it was made with, and dies with. */
  issue(grant: Grant, refreshToken: string | null = null): TokenResponse {
    const token = `ya29.${randomBytes(64).toString('base64url')}`;
    const expiresAt = this.#now() + this.#lifetimeSeconds * 1000;
    this.#access.set(token, { ...grant, expiresAt, refreshToken });
    return {
      access_token: token,
      expires_in: this.#lifetimeSeconds,
      scope: grant.scope,
      token_type: 'Bearer',
    };
  }

  /** What a refresh token stands for; undefined if unknown or revoked. */
  refreshGrant(refreshToken: string): Grant | undefined {
    return this.#refresh.get(refreshToken);
  }

  /** What the `Authorization` header grants; undefined unless it bears a token that is still good. */
  grantOf(authorization: string | undefined): Grant | undefined {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    const grant = token ? this.#access.get(token) : undefined;
    return grant && grant.expiresAt > this.#now() ? grant : undefined;
  }

  /** Every access token given out so far is refused from now on. */
  expireAccessTokens(): void {
    this.#access.clear();
  }

  /** Revokes a refresh token with its access tokens, or an access token with its refresh token. False if unknown. */
  revoke(token: string): boolean {
    const refreshToken = this.#access.get(token)?.refreshToken ?? token;
    for (const [access, grant] of this.#access) {
      if (access === token || grant.refreshToken === refreshToken) this.#access.delete(access);
    }
    return this.#refresh.delete(refreshToken) || refreshToken !== token;
  }
}
