/** OAuth clients, people and service accounts that Google knows, and the files it gives them. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { READONLY_SCOPE, type Tokens } from './tokens.ts';

type OAuthClient = ReturnType<Accounts['addOAuthClient']>;
export type AuthorizedUser = ReturnType<Accounts['addUser']>;

/** Who stands at the browser when the consent page opens. */
interface Consent {
  email: string;
  /** Whether they press "Allow". */
  allows: boolean;
}

const PROJECT = 'local-project';

export class Accounts {
  /** Looked at when the consent page opens; a `login_hint` in its URL goes before `email`. */
  consent: Consent = { email: 'person@example.com', allows: true };
  readonly tokenUri: string;
  readonly clients = new Map<string, OAuthClient>();
  /** Of service accounts, by address. */
  readonly keys = new Map<string, KeyObject>();
  /** Scopes of the domain-wide delegation, by service account. */
  readonly delegations = new Map<string, string>();
  /** Subject tokens by audience. */
  readonly subjectTokens = new Map<string, string>();
  /** Who may create tokens of a service account, by its address. */
  readonly tokenCreators = new Map<string, string>();
  readonly #url: string;
  readonly #tokens: Tokens;

  /** `url`: where the token and consent endpoints are served. */
  constructor(url: string, tokens: Tokens) {
    this.#url = url;
    this.#tokens = tokens;
    this.tokenUri = `${url}/token`;
  }

  /** `credentials` is what Google's console offers for download for a desktop client. */
  addOAuthClient() {
    const client_id = `${randomBytes(6).readUIntBE(0, 6)}-${randomBytes(16).toString('hex')}.apps.googleusercontent.com`;
    const client_secret = `GOCSPX-${randomBytes(21).toString('base64url')}`;
    const installed = {
      client_id,
      project_id: PROJECT,
      auth_uri: `${this.#url}/o/oauth2/v2/auth`,
      token_uri: this.tokenUri,
      auth_provider_x509_cert_url: `${this.#url}/oauth2/v1/certs`,
      client_secret,
      redirect_uris: ['http://localhost'],
    };
    const client = { client_id, client_secret, credentials: { installed } };
    this.clients.set(client_id, client);
    return client;
  }

  /** A person who has consented already; the token file that signs in as them. A new client if none is given. */
  addUser(email: string, client: OAuthClient = this.addOAuthClient(), scope: string = READONLY_SCOPE) {
    const { client_id, client_secret } = client;
    const refresh_token = this.#tokens.newRefreshToken({ email, scope, clientId: client_id });
    const type = 'authorized_user' as const;
    return { type, client_id, client_secret, refresh_token, token_uri: this.tokenUri };
  }

  /** A service account with a key of its own; called again, a new key for the same account. */
  addServiceAccount(email: string) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const private_key_id = randomBytes(20).toString('hex');
    this.keys.set(email, publicKey);
    return {
      type: 'service_account',
      project_id: PROJECT,
      private_key_id,
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: email,
      client_id: String(randomBytes(6).readUIntBE(0, 6)).padStart(21, '1'),
      auth_uri: `${this.#url}/o/oauth2/v2/auth`,
      token_uri: this.tokenUri,
    };
  }

  /** Domain-wide delegation, as an administrator allows it in the Admin console. */
  delegate(email: string, scope: string): void {
    this.delegations.set(email, scope);
  }

  /** Workload identity federation: who signs in with the subject token; through a service account if one is named. */
  addExternalAccount(
    subjectToken: string,
    credential_source: Record<string, unknown>,
    serviceAccount?: string,
  ) {
    const audience = `//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/${randomBytes(4).toString('hex')}`;
    this.subjectTokens.set(audience, subjectToken);
    if (serviceAccount) this.tokenCreators.set(serviceAccount, this.principalOf(audience));
    return {
      type: 'external_account',
      audience,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${this.#url}/v1/token`,
      ...(serviceAccount
        ? { service_account_impersonation_url: this.#impersonationUrl(serviceAccount) }
        : {}),
      credential_source,
    };
  }

  /** The account that an external account is in Drive. */
  principalOf(audience: string): string {
    return `principal:${audience}`;
  }

  /** A service account whose tokens another account, that of the source credentials, may create. */
  addImpersonation(email: string, creator: string, source_credentials: unknown) {
    this.tokenCreators.set(email, creator);
    return {
      type: 'impersonated_service_account',
      service_account_impersonation_url: this.#impersonationUrl(email),
      source_credentials,
      delegates: [] as string[],
    };
  }

  #impersonationUrl(email: string): string {
    return `${this.#url}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
  }

  /** Every access token given out so far is refused from now on; refresh tokens stay good. */
  expireAccessTokens(): void {
    this.#tokens.expireAccessTokens();
  }

  /** Ends a refresh token, as a person does in their account settings. */
  revoke(refreshToken: string): void {
    this.#tokens.revoke(refreshToken);
  }
}
