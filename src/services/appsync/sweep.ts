/** Reading a whole table through its list query. */
import { RunError } from '../../../stages/errors.ts';
import type { AppSyncClient, PartialAnswer, UnreadableRecord } from './client.ts';
import { type AppSyncError, isBadPageToken, itemOf } from './errors.ts';

/** DynamoDB cuts a page at 1 MB whatever the limit is (docs/services.md, AppSync). */
const PAGE_LIMIT = 1000;
/** A token that is refused again and again is not worn out by time. */
const BEGINNINGS = 3;

type Item = Record<string, unknown>;

interface Page {
  items: (Item | null)[];
  nextToken: string | null;
}

/**
 * All items, page by page; pages may be empty. When a page's token is not taken any more the table is read from its
 * beginning again, so that items may come twice. Items that cannot be read are left out; `onUnreadable` and the client are
 * told of them.
 * Throws RunError.
 */
export async function* sweep(
  client: AppSyncClient,
  listQuery: string,
  fields: string,
  onUnreadable?: (record: UnreadableRecord) => void,
): AsyncGenerator<Item[]> {
  const documentOf = (selected: string) => `query Sweep($limit: Int, $nextToken: String) {
    page: ${listQuery}(limit: $limit, nextToken: $nextToken) { items { ${selected} } nextToken }
  }`;
  const nameUnreadable = async (bad: AppSyncError[], page: { limit: number; nextToken: string | null }) => {
    const named = (await client.read(documentOf('id'), page)).page as Page;
    for (const [index, reason] of new Map(bad.map(error => [itemOf(error)!.index, error.message ?? '']))) {
      const record = { name: String(named.items[index]?.id), query: listQuery, reason };
      client.unreadable(record);
      onUnreadable?.(record);
    }
    return named.nextToken;
  };
  let nextToken: string | null = null;
  let limit = PAGE_LIMIT;
  let begun = 1;
  while (true) {
    let lists: PartialAnswer;
    try {
      lists = await client.readPartly(documentOf(fields), { limit, nextToken });
    } catch (error) {
      if (!nextToken || !isBadPageToken(error) || begun === BEGINNINGS) throw error;
      begun += 1;
      nextToken = null;
      continue;
    }
    const page = lists.data.page as Page | null;
    const bad = new Set(lists.errors.map(error => itemOf(error)!.index));
    if (page?.items) {
      if (bad.size > 0) await nameUnreadable(lists.errors, { limit, nextToken });
      yield page.items.filter((item, index) => item !== null && !bad.has(index)) as Item[];
      nextToken = page.nextToken;
    } else if (bad.size === 0) {
      throw new RunError(
        'appsync_refused',
        `AppSync gave no page of ${listQuery}.`,
        'Run the command again.',
      );
    } else {
      // A list that takes no null is lost with its first bad item: what comes before it is read, then it is passed over.
      const first = Math.min(...bad);
      if (first > 0) {
        limit = first;
        continue;
      }
      const error = lists.errors.find(each => itemOf(each)!.index === 0)!;
      nextToken = await nameUnreadable([error], { limit: 1, nextToken });
    }
    limit = PAGE_LIMIT;
    if (!nextToken) {
      client.readable(listQuery);
      return;
    }
  }
}
