/** The tool's AppSync client on a local AppSync, signed in as a member of ADMINS, with nothing to wait for. */
import { defaultConfig } from '../../../src/config/settings.ts';
import { AppSyncClient, type DataOptions } from '../../../src/services/appsync/client.ts';
import { Media } from '../../../src/services/appsync/media.ts';
import { modelsOf } from '../../../src/services/appsync/models.ts';
import { Observations } from '../../../src/services/appsync/observations.ts';
import { indexQueryIn, readSchema } from '../../../src/services/appsync/schema.ts';
import type { MediaLink } from '../../../stages/link.ts';
import { type AppSyncOptions, createAppSync } from '../../cloud/appsync/appsync.ts';
import { createUserPool, type UserPool } from '../../cloud/cognito/user-pool.ts';
import type { Intercept } from '../../cloud/service.ts';
import { answer } from '../../faults.ts';

/** The MECO project's, as Amplify generates them from its models. */
export const DEFAULT_MODELS = modelsOf(defaultConfig().aws.amplify.models);

const ADMIN = 'admin@example.com';
const VIEWER = 'viewer@example.com';

/** A pool with both people. */
async function localUsers(): Promise<UserPool> {
  const users = await createUserPool();
  users.addUser({ username: ADMIN, password: 'Correct-Horse-1', groups: ['ADMINS'] });
  users.addUser({ username: VIEWER, password: 'Correct-Horse-1' });
  return users;
}

type LocalOptions = Omit<AppSyncOptions, 'userPool'> & { signedInAs?: typeof ADMIN | typeof VIEWER };

/** A local AppSync, new for each test. The tests of a file share the users: their pool's key takes a while to make. */
export function useData(options: LocalOptions = {}) {
  const at = {
    users: undefined as unknown as UserPool,
    data: undefined as unknown as Awaited<ReturnType<typeof localData>>,
    /** With other options. */
    async start(more: LocalOptions = options): Promise<void> {
      await at.data?.close();
      at.data = await localData(at.users, more);
    },
  };
  before(async () => {
    at.users = await localUsers();
  });
  after(() => at.users.close());
  beforeEach(() => at.start());
  afterEach(() => at.data.close());
  return at;
}

async function localData(users: UserPool, options: LocalOptions) {
  const api = await createAppSync({ ...options, userPool: users });
  const signIn = () => users.tokensFor(options.signedInAs ?? ADMIN).IdToken;
  /** What each retry waited, in ms; no time passes. */
  const waits: number[] = [];
  /** Tokens that were given up. */
  const refused: string[] = [];
  let token = signIn();
  const backoff: DataOptions['backoff'] = {
    retries: 3,
    baseMs: 1000,
    capMs: 60_000,
    random: () => 1,
    sleep: async ms => {
      waits.push(ms);
    },
  };
  const client = (more: Partial<DataOptions> = {}) =>
    new AppSyncClient({
      endpoint: api.endpoint,
      backoff,
      token: {
        get: async () => token,
        renew: async rejected => {
          refused.push(rejected);
          token = signIn();
        },
      },
      ...more,
    });
  return {
    api,
    waits,
    refused,
    client,
    media: (more?: Partial<DataOptions>) => {
      const { observation, media } = DEFAULT_MODELS;
      const models = { observation, media: { ...media, types: { IMAGE: 'PHOTO', VIDEO: 'VIDEO' } } };
      return new Media(client(more), models, backoff);
    },
    observations: (discriminatorField: string | null = null) =>
      new Observations(client(), DEFAULT_MODELS.observation, {
        discriminatorField,
        indexQuery: async () => {
          const schema = await readSchema(client(), DEFAULT_MODELS);
          return schema && indexQueryIn(schema, DEFAULT_MODELS.observation);
        },
      }),
    /** HTTP requests so far. */
    requests: () => api.service.requests.get('graphql') ?? 0,
    close: () => api.close(),
  };
}

/** A link of observation and key `n`. */
export function linkOf(n: number, more: Partial<MediaLink> = {}): MediaLink {
  return {
    id: `media-${n}`,
    observationId: `obs-${n}`,
    url: `https://amplify-media.s3.us-east-1.amazonaws.com/media/obs-${n}/${n}.jpg`,
    type: 'IMAGE',
    isAvailableForPublicUse: false,
    fileName: `${n}.jpg (drive-${n})`,
    ...more,
  };
}

export function linksOf(count: number): MediaLink[] {
  return Array.from({ length: count }, (_, index) => linkOf(index + 1));
}

/** An answer of AppSync in place of the real one. */
export function says(status: number, body: unknown, headers: Record<string, string> = {}): Intercept {
  return answer(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}
