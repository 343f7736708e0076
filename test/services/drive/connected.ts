/** The tool's Drive client, signed in to a local Drive, with nothing to wait for. */
import { Drive, type DriveOptions } from '../../../src/services/drive/drive.ts';
import { QueryRate } from '../../../src/services/drive/query-rate.ts';
import { Renewal } from '../../../src/services/renewal.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { Throttling } from '../../../stages/retry/service-waits.ts';
import { createDrive, type DriveService } from '../../cloud/drive/drive.ts';
import { DriveError, sendDriveError } from '../../cloud/drive/errors.ts';
import { refreshForm, requestToken } from '../../cloud/drive/test-client.ts';
import type { Intercept } from '../../cloud/service.ts';

export interface Connected {
  drive: Drive;
  /** What each retry waited, in ms; no time passes. */
  waits: number[];
}

const HOUR_MS = 3_600_000;

export async function connectDrive(
  service: DriveService,
  more: Partial<DriveOptions> = {},
): Promise<Connected> {
  const user = service.accounts.addUser('person@example.com');
  const tokens = new Renewal(async () => {
    const { body } = await requestToken(service.tokenUri, refreshForm(user));
    return { value: { authorization: `Bearer ${body.access_token}` }, expiresAt: Date.now() + HOUR_MS };
  });
  const waits: number[] = [];
  const drive = new Drive({
    auth: tokens,
    apiUrl: service.apiUrl,
    rate: new QueryRate(1000),
    stallTimeoutMs: 5_000,
    backoff: {
      retries: 3,
      baseMs: 1000,
      capMs: 60_000,
      random: () => 1,
      sleep: async ms => {
        waits.push(ms);
      },
      throttling: new Throttling('Google Drive', {
        timeoutMs: 10 * 60_000,
        say: () => {},
        now: () => waits.reduce((sum, ms) => sum + ms, 0),
      }),
    },
    ...more,
  });
  return { drive, waits };
}

/** The record of a file of the tree, as list makes it. */
export function recordOf(service: DriveService, id: string): FileRecord {
  const { name, content } = service.tree.get(id);
  return { id, name, size: content?.size ?? null, md5: content?.md5() ?? null, status: 'pending' };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The local Drive's own words for a refusal. */
export function refuse(status: number, reason: string, headers: Record<string, string> = {}): Intercept {
  return (_, response) => {
    sendDriveError(response, new DriveError(status, reason, `Refused: ${reason}`, { headers }));
    return true;
  };
}

/** A local Drive and a client of it, new for each test. */
export function useDrive() {
  const at = {
    service: undefined as unknown as DriveService,
    drive: undefined as unknown as Drive,
    waits: [] as number[],
    /** Another client, which the test uses from now on. */
    async connect(more: Partial<DriveOptions> = {}): Promise<void> {
      at.drive?.close();
      Object.assign(at, await connectDrive(at.service, more));
    },
    /** How many requests of this operation Drive has had. */
    asked: (operation: string) => at.service.service.requests.get(operation) ?? 0,
  };
  beforeEach(async () => {
    at.service = await createDrive();
    await at.connect();
  });
  afterEach(async () => {
    at.drive.close();
    await at.service.service.close();
  });
  return at;
}
