/**
 * The local cloud: Drive, user pool, identity pool, S3 and AppSync in this process, each on a loopback port of its own, put
 * together as an Amplify Gen 2 project with one person who has files in Drive.
 */
import { writeFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AppSyncOptions, createAppSync } from './appsync/appsync.ts';
import { modelIntrospection } from './appsync/model-introspection.ts';
import { renamed } from './appsync/renamed.ts';
import { createIdentityPool } from './cognito/identity-pool.ts';
import { createSigningKey, type SigningKey } from './cognito/jwt.ts';
import { createUserPool, type UserPoolOptions } from './cognito/user-pool.ts';
import { createDrive, type DriveOptions } from './drive/drive.ts';
import { CredentialStore } from './s3/credentials.ts';
import { createS3, type S3Options } from './s3/s3.ts';

export interface CloudOptions {
  /** Whether AppSync has the index on `sequentialId`; true when absent. */
  index?: boolean;
  region?: string;
  /** Of the bucket; the same when absent. */
  storageRegion?: string;
  /** How long keys of the identity pool live; 3600 when absent. */
  credentialsLifetimeSeconds?: number;
  /** Milliseconds since 1970, for all services; the machine's clock when absent. */
  now?: () => number;
  /** See IdentityPoolOptions. */
  customRoles?: boolean;
  drive?: Omit<DriveOptions, 'now'>;
  userPool?: Omit<UserPoolOptions, 'now' | 'region'>;
  appSync?: Omit<AppSyncOptions, 'now' | 'index' | 'userPool'>;
  s3?: Partial<Omit<S3Options, 'now' | 'region' | 'credentials'>>;
}

export interface HomeOptions {
  /** `google_drive.folder_id`; left out when absent. */
  folderId?: string;
  /** Who signs in; the administrator when absent. */
  username?: string;
  /** More for `migration`, or in place of what is there. */
  migration?: Record<string, unknown>;
  /** More keys at the top (`naming`, `prefix_disambiguation`). */
  more?: Record<string, unknown>;
}

export interface Account {
  readonly username: string;
  readonly password: string;
}

export type Cloud = Awaited<ReturnType<typeof startCloud>>;

/** In ADMINS. */
const ADMIN: Account = { username: 'admin@example.com', password: 'Local-Admin-1' };
/** In no group. */
const VIEWER: Account = { username: 'viewer@example.com', password: 'Local-Viewer-1' };

/** Making an RSA key takes a tenth of a second; all clouds of a process sign with one. */
let signingKey: Promise<SigningKey> | null = null;

/** Starts everything, with nothing in it but the two accounts. */
export async function startCloud(options: CloudOptions = {}) {
  const { region = 'us-east-1', storageRegion = region, now = Date.now, index = true } = options;
  signingKey ??= createSigningKey();
  const credentials = new CredentialStore(now);
  const drive = await createDrive({ ...options.drive, now });
  const userPool = await createUserPool({ key: await signingKey, ...options.userPool, region, now });
  userPool.addUser({ ...ADMIN, groups: ['ADMINS'] });
  userPool.addUser(VIEWER);
  const identityPool = await createIdentityPool({
    userPool,
    credentials,
    credentialsLifetimeSeconds: options.credentialsLifetimeSeconds,
    customRoles: options.customRoles,
  });
  const s3 = await createS3({
    bucket: 'amplify-local-media',
    ...options.s3,
    region: storageRegion,
    credentials,
    now,
  });
  const models = JSON.stringify(modelIntrospection(index, options.appSync?.mediaTypes));
  const introspection = JSON.parse(options.appSync?.renamed ? renamed(models) : models);
  const appSync = await createAppSync({ ...options.appSync, userPool, index, now });

  return {
    drive,
    userPool,
    identityPool,
    credentials,
    s3,
    appSync,
    admin: ADMIN,
    viewer: VIEWER,
    /** What leads the tool here; nothing of the process's own environment. */
    environment: (home: string, account = ADMIN): Record<string, string> => ({
      AMPLIFY_MEDIA_MIGRATOR_HOME: home,
      AMPLIFY_MEDIA_MIGRATOR_PASSWORD: account.password,
      // Also where this machine reaches the internet through a proxy.
      no_proxy: '127.0.0.1',
      AWS_REGION: region,
      AWS_ENDPOINT_URL_S3: s3.service.url,
      AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: userPool.service.url,
      AWS_ENDPOINT_URL_COGNITO_IDENTITY: identityPool.service.url,
    }),
    /** Makes the folder (mode 0700) with config.json, google_credentials.json and google_token.json (0600) in it. */
    async writeHome(folder: string, home: HomeOptions = {}) {
      await mkdir(folder, { recursive: true });
      // Also when the folder was there before, with the rights that a person's umask gave it.
      await chmod(folder, 0o700);
      const client = drive.accounts.addOAuthClient();
      const credentials_path = join(folder, 'google_credentials.json');
      const token_path = join(folder, 'google_token.json');
      await writePrivate(credentials_path, client.credentials);
      await writePrivate(token_path, drive.accounts.addUser('person@example.com', client));
      await writePrivate(join(folder, 'config.json'), {
        google_drive: {
          ...(home.folderId === undefined ? {} : { folder_id: home.folderId }),
          credentials_path,
          token_path,
          api_url: drive.apiUrl,
        },
        aws: {
          region,
          cognito: {
            user_pool_id: userPool.poolId,
            client_id: userPool.clientId,
            identity_pool_id: identityPool.identityPoolId,
            username: home.username ?? ADMIN.username,
          },
          amplify: {
            api_endpoint: appSync.endpoint,
            storage_bucket: s3.bucket,
            ...(storageRegion === region ? {} : { storage_region: storageRegion }),
          },
        },
        ...(home.migration ? { migration: home.migration } : {}),
        ...home.more,
      });
    },
    /** Adds cognito_token.json to a home, as after `migrator login aws` of this user. */
    writeSignIn(folder: string, username: string) {
      const { IdToken, RefreshToken, ExpiresIn } = userPool.tokensFor(username);
      const issuedAt = now();
      const signIn = {
        user_pool_id: userPool.poolId,
        client_id: userPool.clientId,
        username,
        id_token: IdToken,
        refresh_token: RefreshToken,
        issued_at: issuedAt,
        expires_at: issuedAt + ExpiresIn * 1000,
        clock_ahead_ms: 0,
      };
      writeFileSync(join(folder, 'cognito_token.json'), JSON.stringify({ sign_ins: [signIn] }), {
        mode: 0o600,
      });
    },
    /** An amplify_outputs.json as Amplify generates it, schema 1.4. */
    amplifyOutputs: () => ({
      version: '1.4',
      auth: {
        user_pool_id: userPool.poolId,
        aws_region: region,
        user_pool_client_id: userPool.clientId,
        identity_pool_id: identityPool.identityPoolId,
        username_attributes: ['email'],
        groups: [{ ADMINS: { precedence: 0 } }],
        mfa_configuration: 'NONE',
        unauthenticated_identities_enabled: true,
      },
      data: {
        url: appSync.endpoint,
        aws_region: region,
        default_authorization_type: 'AMAZON_COGNITO_USER_POOLS',
        authorization_types: ['AWS_IAM'],
        model_introspection: introspection,
      },
      storage: {
        aws_region: storageRegion,
        bucket_name: s3.bucket,
        buckets: [
          {
            name: 'media',
            bucket_name: s3.bucket,
            aws_region: storageRegion,
            paths: {
              'media/*': {
                groupsADMINS: ['get', 'list', 'write', 'delete'],
                authenticated: ['get'],
              },
            },
          },
        ],
      },
    }),
    /** Ends all services. What they stored in files is removed. */
    async stop() {
      const services = [drive, userPool, identityPool, s3, appSync].map(each => each.service);
      await Promise.all(services.map(service => service.close()));
    },
  };
}

async function writePrivate(path: string, content: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  // writeFile's mode counts for new files only.
  await chmod(path, 0o600);
}
