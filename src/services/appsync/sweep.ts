/** Reads whole tables, page by page. */
import { RunError } from '../../../stages/errors.ts';
import type { AppSyncClient } from './client.ts';
import { isBadPageToken, itemOf } from './errors.ts';
import type { Models } from './models.ts';

/** DynamoDB cuts a page at 1 MB whatever the limit is (docs/services.md, AppSync). */
const PAGE_LIMIT = 1000;
/** A page token that is refused more often has not just expired. */
const MAX_STARTS = 3;

type Item = Record<string, unknown>;

export interface Page {
  items: (Item | null)[];
  nextToken: string | null;
}

interface Position {
  limit: number;
  nextToken: string | null;
}

interface SweptPage {
  items: Item[];
  /** Ids of items that AppSync cannot return. */
  unreadable: string[];
}

/**
 * All items of a table through its list query, page by page; pages may be empty. When a page token has expired, the table is
 * read from the start again, so that items may come twice. Items that AppSync cannot return are left out and reported to
 * the client. Throws RunError.
 */
export async function* sweep(
  client: AppSyncClient,
  query: string,
  fields: string,
): AsyncGenerator<SweptPage> {
  let starts = 1;
  for (let at: Position | null = START; at; ) {
    try {
      const page: Awaited<ReturnType<typeof readPage>> = await readPage(client, query, fields, at);
      at = page.next;
      yield page;
    } catch (error) {
      if (!at?.nextToken || !isBadPageToken(error) || starts === MAX_STARTS) throw error;
      starts += 1;
      at = START;
    }
  }
  client.unreadable.settle(query);
}

const START: Position = { limit: PAGE_LIMIT, nextToken: null };

function pageRequest(query: string, fields: string, { limit, nextToken }: Position) {
  return {
    document: `query Sweep($limit: Int, $nextToken: String) {
      page: ${query}(limit: $limit, nextToken: $nextToken) { items { ${fields} } nextToken }
    }`,
    variables: { limit, nextToken },
  };
}

async function readPage(
  client: AppSyncClient,
  query: string,
  fields: string,
  at: Position,
): Promise<SweptPage & { next: Position | null }> {
  const { data, errors } = await client.readPartly(pageRequest(query, fields, at));
  const page = data.page as Page | null;
  const unread = new Map(errors.map(error => [itemOf(error)!, error]));
  if (!page?.items && unread.size === 0) throw noPage(query);
  const items = (page?.items ?? []).filter((item, index) => item !== null && !unread.has(index)) as Item[];
  if (unread.size === 0) return { items, unreadable: [], next: pageAfter(page!.nextToken) };

  // A list that takes no null is lost with one unreadable item: the items before it are read, then it is passed over.
  const isLost = !page?.items;
  const first = Math.min(...unread.keys());
  if (isLost && first > 0) return { items, unreadable: [], next: { ...at, limit: first } };
  const ids = (await client.read(pageRequest(query, 'id', isLost ? { ...at, limit: 1 } : at))).page as Page;
  const unreadable = (isLost ? [0] : [...unread.keys()]).map(index => {
    const name = String(ids.items[index]?.id);
    client.unreadable.add({ name, query, reason: unread.get(index)!.message ?? '' });
    return name;
  });
  return { items, unreadable, next: pageAfter((isLost ? ids : page!).nextToken) };
}

/** The error of a response that has neither a page nor an error. */
function noPage(query: string): RunError {
  return new RunError('appsync_refused', `AppSync returned no page of ${query}.`, 'Run the command again.');
}

function pageAfter(nextToken: string | null): Position | null {
  return nextToken ? { limit: PAGE_LIMIT, nextToken } : null;
}

/** An id that no record has. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Reads one observation and asks for a media record, with all fields that the tool uses. Throws RunError. */
export async function readOnce(
  client: AppSyncClient,
  { observation, media }: Models,
): Promise<{ isEmpty: boolean; unreadable?: { name: string; reason: string } }> {
  const fields = ['id', media.url, media.observationId, media.type, media.isAvailableForPublicUse];
  const { data, errors } = await client.readPartly({
    document: `query Doctor($id: ID!) {
      page: ${observation.listQuery}(limit: 1) { items { id ${observation.sequentialId} } }
      media: ${media.getQuery}(id: $id) { ${fields.filter(Boolean).join(' ')} }
    }`,
    variables: { id: NO_ID },
  });
  if (errors.length === 0) {
    const { items } = (data.page as Page | null) ?? {};
    if (!items) throw noPage(observation.listQuery);
    return { isEmpty: items.length === 0 };
  }
  const document = `query Named { page: ${observation.listQuery}(limit: 1) { items { id } } }`;
  const { page } = (await client.read({ document })) as { page: Page };
  return {
    isEmpty: false,
    unreadable: { name: String(page.items[0]?.id), reason: errors[0]!.message ?? '' },
  };
}
