/** Reading a whole table through its list query. */
import { RunError } from '../../../stages/errors.ts';
import type { AppSyncClient, UnreadableRecord } from './client.ts';
import { type AppSyncError, isBadPageToken, itemOf } from './errors.ts';

/** DynamoDB cuts a page at 1 MB whatever the limit is (docs/services.md, AppSync). */
const PAGE_LIMIT = 1000;
const START: Position = { limit: PAGE_LIMIT, nextToken: null };
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

/**
 * All items, page by page; pages may be empty. When a page token has expired, the table is read from the start again, so that
 * items may come twice. Items that AppSync cannot return are left out and reported to `onUnreadable` and the client.
 * Throws RunError.
 */
export async function* sweep(
  client: AppSyncClient,
  listQuery: string,
  fields: string,
  onUnreadable: (record: UnreadableRecord) => void = () => {},
): AsyncGenerator<Item[]> {
  const list: List = { client, query: listQuery, fields, onUnreadable };
  let next: Position | null = START;
  let starts = 1;
  while (next) {
    const at: Position = next;
    try {
      const page = await read(list, at);
      next = page.next;
      yield page.items;
    } catch (error) {
      if (!at.nextToken || !isBadPageToken(error) || starts === MAX_STARTS) throw error;
      starts += 1;
      next = START;
    }
  }
  client.readable(listQuery);
}

interface List {
  client: AppSyncClient;
  query: string;
  fields: string;
  onUnreadable: (record: UnreadableRecord) => void;
}

async function read(list: List, at: Position): Promise<{ items: Item[]; next: Position | null }> {
  const { data, errors } = await list.client.readPartly(request(list.query, list.fields, at));
  const page = data.page as Page | null;
  const unread = new Map(errors.map(error => [itemOf(error)!.index, error]));
  if (!page?.items) return { items: [], next: await readAround(list, unread, at) };
  if (unread.size > 0) await report(list, unread, at);
  const items = page.items.filter((item, index) => item !== null && !unread.has(index)) as Item[];
  return { items, next: nextPage(page.nextToken) };
}

/** A list that takes no null is lost with one unreadable item: the items before it are read, then it is passed over. */
async function readAround(
  list: List,
  unread: Map<number, AppSyncError>,
  at: Position,
): Promise<Position | null> {
  const [first] = [...unread.keys()].sort((a, b) => a - b);
  if (first === undefined) {
    const message = `AppSync returned no page of ${list.query}.`;
    throw new RunError('appsync_refused', message, 'Run the command again.');
  }
  if (first > 0) return { ...at, limit: first };
  const only = new Map([[0, unread.get(0)!]]);
  return nextPage(await report(list, only, { ...at, limit: 1 }));
}

/** Reports unreadable items by their ids. Returns the token of the next page. */
async function report(list: List, unread: Map<number, AppSyncError>, at: Position): Promise<string | null> {
  const { page } = (await list.client.read(request(list.query, 'id', at))) as { page: Page };
  for (const [index, { message = '' }] of unread) {
    const record = { name: String(page.items[index]?.id), query: list.query, reason: message };
    list.client.unreadable(record);
    list.onUnreadable(record);
  }
  return page.nextToken;
}

function request(query: string, fields: string, { limit, nextToken }: Position) {
  const document = `query Sweep($limit: Int, $nextToken: String) {
    page: ${query}(limit: $limit, nextToken: $nextToken) { items { ${fields} } nextToken }
  }`;
  return { document, variables: { limit, nextToken } };
}

function nextPage(nextToken: string | null): Position | null {
  return nextToken ? { limit: PAGE_LIMIT, nextToken } : null;
}
