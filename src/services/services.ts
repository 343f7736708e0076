/** Services are opened when they are first asked for: a command that only lists never signs in to AWS. */
import { randomUUID } from 'node:crypto';
import type { RunError } from '../../stages/errors.ts';
import type { Backoff, Retry } from '../../stages/retry/backoff.ts';
import { Outage, Throttling } from '../../stages/retry/service-waits.ts';
import { parseBandwidth } from '../config/bandwidth.ts';
import { type Env, homeFolder } from '../config/home.ts';
import { type Config, KEYS_FOR, requireKeys, storageRegionOf } from '../config/settings.ts';
import type { UnreadableRecord, UnreadableRecords } from './appsync/client.ts';
import { modelsOf } from './appsync/models.ts';
import type { OpenPrompts, Questions } from './cognito/questions.ts';
import type { RedisAddress } from './drive/redis.ts';
import { lazy } from './lazy.ts';
import { requireUsableProxies } from './network/proxy.ts';

const MIB = 1024 * 1024;
const MAX_WAIT_MS = 60_000;

type Service = 'Google Drive' | 'Google sign-in' | 'Cognito' | 'S3' | 'AppSync';

export interface ServicesOptions {
  config: Config;
  env: Env;
  /** `kind` is the same for warnings that differ only in what they name. */
  warn: (message: string, kind?: string) => void;
  /** The run that stores objects; an id of this process when absent. */
  runId?: string | null;
  openPrompts: OpenPrompts;
  /** Answers what Cognito asks; the prompts do when absent. */
  questions?: Questions;
  /** Called when the Cognito sign-in has ended for good, while there is still time to finish transfers in progress. */
  onSignInEnded?: (error: RunError) => void;
  unreadableRecords?: UnreadableRecords;
  onRetry?: (what: string, retry: Retry) => void;
  processes?: number;
  signal?: AbortSignal;
  /** How long a service may refuse everything as too fast; as configured when absent. */
  throttleTimeoutMs?: number;
}

export class Services {
  readonly #options: ServicesOptions;
  readonly #config: Config;
  /** What is known about each service; all requests to it share that. */
  readonly #health = new Map<Service, Required<Pick<Backoff, 'throttling' | 'outage'>>>();
  readonly #failingRequests = new Set<object>();
  readonly #opened: Promise<{ close(): void }>[] = [];
  readonly #warned = new Set<string>();

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Throws one ConfigError that names every missing value of these services, before any request is sent. */
  require(services: ('cognito' | 'storage' | 'data')[]): void {
    const keys = services.flatMap(service => KEYS_FOR[service]);
    requireKeys(this.#config, services.length > 0 ? [...KEYS_FOR.cognito, ...keys] : []);
  }

  /** Retries of requests to a service. `what`: named in the log. */
  backoffFor(service: Service, what: string = service): Backoff {
    const { retry_attempts, retry_delay_seconds } = this.#config.migration;
    const { signal, onRetry } = this.#options;
    return {
      retries: retry_attempts,
      baseMs: retry_delay_seconds * 1000,
      capMs: MAX_WAIT_MS,
      signal,
      ...this.#healthOf(service),
      ...(onRetry && { onRetry: retry => onRetry(what, retry) }),
    };
  }

  #healthOf(service: Service) {
    const { throttle_patience_minutes: minutes } = this.#config.migration;
    const { throttleTimeoutMs: timeoutMs = minutes * 60_000, warn: say } = this.#options;
    const health = this.#health.get(service) ?? {
      throttling: new Throttling(service, { timeoutMs, say }),
      outage: new Outage(service, { timeoutMs, failing: this.#failingRequests, say }),
    };
    this.#health.set(service, health);
    return health;
  }

  readonly googleAuth = lazy(async () => {
    requireUsableProxies(process.env);
    const { googleSignIn } = await import('./drive/sign-in/sign-in.ts');
    return googleSignIn(this.#config.google_drive, { backoff: this.backoffFor('Google sign-in') });
  });

  readonly drive = lazy(() => this.#closedAtEnd(this.#openDrive()));
  readonly storage = lazy(() => this.#closedAtEnd(this.#openStorage()));

  async #openDrive() {
    const { google_drive, migration } = this.#config;
    const { processes, warn } = this.#options;
    const { api_url: apiUrl, queries_per_second: queriesPerSecond } = google_drive;
    const [{ Drive }, { BandwidthLimit }, { QueryRate }, { accountOf }, auth] = await Promise.all([
      import('./drive/drive.ts'),
      import('./drive/bandwidth-limit.ts'),
      import('./drive/query-rate.ts'),
      import('./drive/http.ts'),
      this.googleAuth(),
    ]);
    const rate = new QueryRate(queriesPerSecond, processes);
    const redis = this.quotaRedis;
    if (redis) await rate.share({ redis, warn, account: await accountOf(auth, apiUrl) });
    const timetable = parseBandwidth(migration.bwlimit) ?? [];
    return new Drive({
      auth,
      apiUrl,
      rate,
      backoff: this.backoffFor('Google Drive'),
      stallTimeoutMs: migration.stall_timeout_seconds * 1000,
      bandwidth: timetable.length > 0 ? new BandwidthLimit(timetable) : undefined,
    });
  }

  /** The Redis through which processes share the query rate of Drive; null if none is configured. */
  get quotaRedis(): RedisAddress | null {
    const url = this.#config.google_drive.quota_redis_url;
    return url ? { url, password: this.#options.env.MIGRATOR_QUOTA_REDIS_PASSWORD } : null;
  }

  async #openStorage() {
    const { aws, migration } = this.#config;
    const [session, { Storage }] = await Promise.all([this.session(), import('./s3/storage.ts')]);
    await session.credentials();
    return Storage.connect({
      bucket: aws.amplify.storage_bucket,
      region: storageRegionOf(aws),
      encryption: aws.amplify,
      credentials: session.credentials,
      runId: this.#options.runId ?? randomUUID(),
      multipartThresholdBytes: migration.multipart_threshold_mb * MIB,
      partBytes: migration.chunk_size_mb * MIB,
      connections: migration.concurrency,
      backoff: this.backoffFor('S3'),
      stallTimeoutMs: migration.stall_timeout_seconds * 1000,
      warn: this.#options.warn,
    });
  }

  readonly session = lazy(async () => {
    requireUsableProxies(process.env);
    const [{ CognitoSession }, { TokenStore }, { questionsFor }] = await Promise.all([
      import('./cognito/session.ts'),
      import('./cognito/token-store.ts'),
      import('./cognito/questions.ts'),
    ]);
    const { config, env, warn, openPrompts, onSignInEnded } = this.#options;
    const { username } = config.aws.cognito;
    return new CognitoSession({
      config,
      questions: this.#options.questions ?? questionsFor({ env, username, openPrompts }),
      store: new TokenStore({ home: homeFolder(env), warn }),
      onEnded: onSignInEnded,
      backoff: this.backoffFor('Cognito'),
    });
  });

  readonly dataClient = lazy(async () => {
    const session = await this.session();
    await session.idToken();
    const { AppSyncClient } = await import('./appsync/client.ts');
    return new AppSyncClient({
      endpoint: this.#config.aws.amplify.api_endpoint,
      backoff: this.backoffFor('AppSync'),
      unreadable: {
        add: record => this.#onUnreadable(record),
        settle: (query, name) => this.#options.unreadableRecords?.settle(query, name),
      },
      token: { get: () => session.idToken(), renew: refused => session.renewIdToken(refused) },
    });
  });

  #onUnreadable(record: UnreadableRecord): void {
    const { name, query, reason } = record;
    this.#options.unreadableRecords?.add(record);
    if (this.#warned.has(`${query} ${name}`)) return;
    this.#warned.add(`${query} ${name}`);
    this.#options.warn(
      `AppSync cannot return the record ${name} (${query}), so it is left out: ${reason} Correct it in the app.`,
      'unreadable_record',
    );
  }

  /** The observations with the given discriminator field, by default the one of the prefix rules if they are on; null for none. */
  async observations(discriminatorField = this.#discriminatorField) {
    const { observation } = this.#models;
    const [{ Observations }, { indexQueryIn }, client] = await Promise.all([
      import('./appsync/observations.ts'),
      import('./appsync/schema.ts'),
      this.dataClient(),
    ]);
    const indexQuery = async () => {
      if (observation.indexQuery) return observation.indexQuery;
      const schema = await this.schema();
      return schema && indexQueryIn(schema, observation);
    };
    return new Observations(client, observation, { discriminatorField, indexQuery });
  }

  /** What AppSync says about its schema; null if introspection is switched off. */
  readonly schema = lazy(async () => {
    const { readSchema } = await import('./appsync/schema.ts');
    return readSchema(await this.dataClient(), this.#models);
  });

  /** The models, completed from the schema. Throws RunError if they do not fit it. */
  readonly fittedModels = lazy(async () => {
    const [{ fitted }, schema] = await Promise.all([import('./appsync/schema.ts'), this.schema()]);
    return schema ? fitted(schema, this.#models, this.#discriminatorField) : this.#models;
  });

  get #models() {
    return modelsOf(this.#config.aws.amplify.models);
  }

  get #discriminatorField(): string | null {
    const { enabled, discriminator_field } = this.#config.prefix_disambiguation;
    return enabled ? discriminator_field : null;
  }

  readonly media = lazy(async () => {
    const { Media } = await import('./appsync/media.ts');
    return new Media(await this.dataClient(), await this.fittedModels(), this.backoffFor('AppSync'));
  });

  async mediaRecords() {
    const { MediaRecords } = await import('./appsync/media-records.ts');
    return new MediaRecords(await this.dataClient(), this.#models);
  }

  async #closedAtEnd<T extends { close(): void }>(opening: Promise<T>): Promise<T> {
    this.#opened.push(opening);
    return opening;
  }

  async close(): Promise<void> {
    for (const opening of this.#opened) (await opening.catch(() => null))?.close();
  }
}
