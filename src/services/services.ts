/**
 * The systems a migration talks to, opened as the configuration says and only when a command asks for them: a command
 * that only lists never signs in to AWS.
 */
import { randomUUID } from 'node:crypto';
import type { RunError } from '../../stages/errors.ts';
import type { Backoff } from '../../stages/retry/backoff.ts';
import { Throttling } from '../../stages/retry/throttling.ts';
import { parseBandwidth } from '../config/bandwidth.ts';
import { type Env, homeFolder } from '../config/home.ts';
import { KEYS_FOR, requireKeys } from '../config/require-keys.ts';
import { type Config, storageRegionOf } from '../config/settings.ts';
import type { UnreadableMemory } from '../run/manifest/unreadable-records.ts';
import type { AppSyncClient, UnreadableRecord } from './appsync/client.ts';
import type { Media } from './appsync/media.ts';
import type { MediaRecords } from './appsync/media-records.ts';
import type { Models } from './appsync/models.ts';
import type { Observations } from './appsync/observations.ts';
import type { SchemaPart } from './appsync/schema-check.ts';
import { type Questions, questionsFor } from './cognito/questions.ts';
import { type CognitoSession, createCognitoSession } from './cognito/session.ts';
import { TokenStore } from './cognito/token-store.ts';
import type { BandwidthLimit } from './drive/bandwidth-limit.ts';
import type { Drive } from './drive/drive.ts';
import type { DriveAuth } from './drive/drive-auth.ts';
import { requireUsableProxies } from './network/proxy.ts';
import { encryptionOf } from './s3/encryption.ts';
import type { Storage } from './s3/storage.ts';

const MIB = 1024 * 1024;
const LONGEST_WAIT_MS = 60_000;

export type ServiceName = keyof typeof KEYS_FOR;

/** As messages name it. */
type Service = 'Google Drive' | 'Google sign-in' | 'Cognito' | 'S3' | 'AppSync';

export class Services {
  readonly #config: Config;
  readonly #env: Env;
  readonly #warn: (message: string) => void;
  readonly #questions: Questions;
  readonly #onEnded: ((error: RunError) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #runId: string;
  readonly #patienceMs: number;
  readonly #throttling = new Map<Service, Throttling>();
  #session: CognitoSession | null = null;
  #auth: Promise<DriveAuth> | null = null;
  #drive: Promise<Drive> | null = null;
  #storage: Promise<Storage> | null = null;
  #schema: Promise<SchemaPart | null> | null = null;
  /** Records that the person has been told of. */
  readonly #unreadable = new Set<string>();
  readonly #memory: UnreadableMemory | undefined;

  constructor(options: {
    config: Config;
    env: Env;
    warn: (message: string) => void;
    /** The run that stores objects; this process alone when absent. */
    runId?: string | null;
    /** Who answers what Cognito asks; the person at the terminal when absent. */
    questions?: Questions;
    /** Told that the Cognito sign-in has ended and cannot be renewed, while there is time to finish what is in flight. */
    onSignInEnded?: (error: RunError) => void;
    /** Keeps the records that AppSync cannot give. */
    unreadableMemory?: UnreadableMemory;
    /** Ends the waits between attempts. */
    signal?: AbortSignal;
    /** How long a service that limits the request rate is waited for; as configured when absent. */
    throttlePatienceMs?: number;
  }) {
    this.#config = options.config;
    this.#env = options.env;
    this.#warn = options.warn;
    this.#runId = options.runId ?? randomUUID();
    const { username } = options.config.aws.cognito;
    this.#questions = options.questions ?? questionsFor({ env: options.env, username });
    this.#onEnded = options.onSignInEnded;
    this.#signal = options.signal;
    this.#memory = options.unreadableMemory;
    this.#patienceMs =
      options.throttlePatienceMs ?? options.config.migration.throttle_patience_minutes * 60_000;
  }

  /** Throws ConfigError that names every value that is missing for any of the services, before any is asked. */
  require(services: Exclude<ServiceName, 'folder'>[]): void {
    const needed = services.flatMap(neighbour => KEYS_FOR[neighbour]);
    requireKeys(this.#config, services.length > 0 ? [...KEYS_FOR.cognito, ...needed] : []);
  }

  /** Retries of requests to a service; all of them share what is known of its throttling. */
  backoffFor(service: Service): Backoff {
    const { retry_attempts, retry_delay_seconds } = this.#config.migration;
    return {
      retries: retry_attempts,
      baseMs: retry_delay_seconds * 1000,
      capMs: LONGEST_WAIT_MS,
      signal: this.#signal,
      throttling: this.#throttlingOf(service),
    };
  }

  #throttlingOf(service: Service): Throttling {
    const known = this.#throttling.get(service);
    if (known) return known;
    const created = new Throttling(service, { patienceMs: this.#patienceMs, say: this.#warn });
    this.#throttling.set(service, created);
    return created;
  }

  drive(): Promise<Drive> {
    this.#drive ??= this.#openDrive();
    return this.#drive;
  }

  /** The Google sign-in that Drive uses. */
  googleAuth(): Promise<DriveAuth> {
    requireUsableProxies(process.env);
    this.#auth ??= import('./drive/sign-in.ts').then(({ googleSignIn }) =>
      googleSignIn(this.#config.google_drive, { backoff: this.backoffFor('Google sign-in') }),
    );
    return this.#auth;
  }

  async #openDrive(): Promise<Drive> {
    const { google_drive, migration } = this.#config;
    const [{ Drive: Client }, auth] = await Promise.all([import('./drive/drive.ts'), this.googleAuth()]);
    return Client.connect({
      auth,
      apiUrl: google_drive.api_url,
      queriesPerSecond: google_drive.queries_per_second,
      backoff: this.backoffFor('Google Drive'),
      stallTimeoutMs: migration.stall_timeout_seconds * 1000,
      bandwidth: await this.#bandwidth(),
    });
  }

  async #bandwidth(): Promise<BandwidthLimit | undefined> {
    const timetable = parseBandwidth(this.#config.migration.bwlimit) ?? [];
    if (timetable.length === 0) return undefined;
    const { BandwidthLimit: Limit } = await import('./drive/bandwidth-limit.ts');
    return new Limit(timetable);
  }

  storage(): Promise<Storage> {
    this.#storage ??= this.#openStorage();
    return this.#storage;
  }

  async #openStorage(): Promise<Storage> {
    const { aws, migration } = this.#config;
    const session = this.session();
    const { Storage: Client } = await import('./s3/storage.ts');
    await session.credentials();
    return Client.connect({
      bucket: aws.amplify.storage_bucket,
      region: storageRegionOf(aws),
      encryption: encryptionOf(aws.amplify),
      credentials: session.credentials,
      dropKeys: accessKeyId => session.dropCredentials(accessKeyId),
      runId: this.#runId,
      multipartThresholdBytes: migration.multipart_threshold_mb * MIB,
      partBytes: migration.chunk_size_mb * MIB,
      connections: migration.concurrency,
      backoff: this.backoffFor('S3'),
      stallTimeoutMs: migration.stall_timeout_seconds * 1000,
      warn: this.#warn,
    });
  }

  /** With the prefix rules' discriminator field if they are on, or with the one that is given; null for none. */
  async observations(discriminatorField = this.#discriminatorField): Promise<Observations> {
    const [{ Observations: Table }, { indexQueryIn }, { observation }, client] = await Promise.all([
      import('./appsync/observations.ts'),
      import('./appsync/schema-check.ts'),
      this.#models(),
      this.dataClient(),
    ]);
    const indexQuery = async () => {
      if (observation.indexQuery) return observation.indexQuery;
      const schema = await this.schema();
      return schema && indexQueryIn(schema, observation);
    };
    return new Table(client, observation, { discriminatorField, indexQuery });
  }

  async #models(): Promise<Models> {
    const { modelsOf } = await import('./appsync/models.ts');
    return modelsOf(this.#config.aws.amplify.models);
  }

  /** What the data service tells of its schema, asked for once; null if it tells nothing. */
  schema(): Promise<SchemaPart | null> {
    this.#schema ??= this.#readSchema();
    return this.#schema;
  }

  async #readSchema(): Promise<SchemaPart | null> {
    const { readSchema } = await import('./appsync/schema-check.ts');
    return readSchema(await this.dataClient(), await this.#models());
  }

  /** The models with what the schema says of them. Throws RunError if they do not fit it. */
  async fittedModels(): Promise<Models> {
    const [{ fitted }, models, schema] = await Promise.all([
      import('./appsync/schema-check.ts'),
      this.#models(),
      this.schema(),
    ]);
    return schema ? fitted(schema, models, this.#discriminatorField) : models;
  }

  get #discriminatorField(): string | null {
    const { enabled, discriminator_field } = this.#config.prefix_disambiguation;
    return enabled ? discriminator_field : null;
  }

  async media(): Promise<Media> {
    const [{ Media: Table }, models, client] = await Promise.all([
      import('./appsync/media.ts'),
      this.fittedModels(),
      this.dataClient(),
    ]);
    return new Table(client, models, this.backoffFor('AppSync'));
  }

  /** Media records that are there: for looking at them, and removing them. */
  async mediaRecords(): Promise<MediaRecords> {
    const [{ MediaRecords: Table }, models, client] = await Promise.all([
      import('./appsync/media-records.ts'),
      this.#models(),
      this.dataClient(),
    ]);
    return new Table(client, models);
  }

  get #endpoint(): string {
    return this.#config.aws.amplify.api_endpoint;
  }

  /** What sends documents to AppSync as the signed-in user. */
  async dataClient(): Promise<AppSyncClient> {
    const session = this.session();
    await session.idToken();
    const { AppSyncClient: Client } = await import('./appsync/client.ts');
    return new Client({
      endpoint: this.#endpoint,
      backoff: this.backoffFor('AppSync'),
      onUnreadable: record => this.#unreadableRecord(record),
      onReadable: (query, name) => this.#memory?.settle(query, name),
      token: {
        get: () => session.idToken(),
        renew: async refused => {
          await session.renewIdToken(refused);
        },
      },
    });
  }

  #unreadableRecord(record: UnreadableRecord): void {
    const { name, query, reason } = record;
    this.#memory?.add(record);
    const isKnown = this.#unreadable.has(`${query} ${name}`);
    this.#unreadable.add(`${query} ${name}`);
    if (isKnown) return;
    this.#warn(
      `AppSync cannot give the record ${name} (${query}), it is left out: ${reason} Correct it in the app.`,
    );
  }

  /** One sign-in for S3 and AppSync. */
  session(): CognitoSession {
    requireUsableProxies(process.env);
    this.#session ??= createCognitoSession({
      config: this.#config,
      env: this.#env,
      questions: this.#questions,
      store: new TokenStore({ home: homeFolder(this.#env), warn: this.#warn }),
      onEnded: this.#onEnded,
      backoff: this.backoffFor('Cognito'),
    });
    return this.#session;
  }

  async close(): Promise<void> {
    (await this.#drive?.catch(() => null))?.close();
    (await this.#storage?.catch(() => null))?.close();
  }
}
