import { RunError } from '../../../stages/errors.ts';
import type { AppSyncClient, UnreadableRecord } from './client.ts';
import { type AppSyncError, isBadPageToken, itemOf } from './errors.ts';

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

/**
 * All items of a table through its list query, page by page; pages may be empty. When a page token has expired, the table is
 * read from the start again, so that items may come twice. Items that AppSync cannot return are left out and reported to
 * `onUnreadable` and the client. Throws RunError.
 */
export async function* sweep(
  client: AppSyncClient,
  query: string,
  fields: string,
  onUnreadable: (record: UnreadableRecord) => void = () => {},
): AsyncGenerator<Item[]> {
  const request = (fields: string, variables: Position) => ({
    document: `query Sweep($limit: Int, $nextToken: String) {
      page: ${query}(limit: $limit, nextToken: $nextToken) { items { ${fields} } nextToken }
    }`,
    variables: { ...variables },
  });
  /** Reports unreadable items by their ids. Returns the token of the next page. */
  const report = async (unread: Map<number, AppSyncError>, at: Position): Promise<string | null> => {
    const { page } = (await client.read(request('id', at))) as { page: Page };
    for (const [index, { message = '' }] of unread) {
      const record = { name: String(page.items[index]?.id), query, reason: message };
      client.unreadable.add(record);
      onUnreadable(record);
    }
    return page.nextToken;
  };
  const read = async (at: Position): Promise<{ items: Item[]; next: Position | null }> => {
    const { data, errors } = await client.readPartly(request(fields, at));
    const page = data.page as Page | null;
    const unread = new Map(errors.map(error => [itemOf(error)!, error]));
    if (page?.items) {
      if (unread.size > 0) await report(unread, at);
      const items = page.items.filter((item, index) => item !== null && !unread.has(index)) as Item[];
      return { items, next: pageAfter(page.nextToken) };
    }
    // A list that takes no null is lost with one unreadable item: the items before it are read, then it is passed over.
    if (unread.size === 0) throw noPage(query);
    const first = Math.min(...unread.keys());
    if (first > 0) return { items: [], next: { ...at, limit: first } };
    const nextToken = await report(new Map([[0, unread.get(0)!]]), { ...at, limit: 1 });
    return { items: [], next: pageAfter(nextToken) };
  };

  let starts = 1;
  for (let at: Position | null = START; at; ) {
    try {
      const { items, next }: Awaited<ReturnType<typeof read>> = await read(at);
      at = next;
      yield items;
    } catch (error) {
      if (!at?.nextToken || !isBadPageToken(error) || starts === MAX_STARTS) throw error;
      starts += 1;
      at = START;
    }
  }
  client.unreadable.settle(query);
}

const START: Position = { limit: PAGE_LIMIT, nextToken: null };

/** The error of a response that has neither a page nor an error. */
export function noPage(query: string): RunError {
  return new RunError('appsync_refused', `AppSync returned no page of ${query}.`, 'Run the command again.');
}

function pageAfter(nextToken: string | null): Position | null {
  return nextToken ? { limit: PAGE_LIMIT, nextToken } : null;
}
