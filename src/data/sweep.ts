/** Reading a whole table through its list query. */
import type { AppSyncClient } from './client.ts';
import { isBadPageToken } from './errors.ts';

/** DynamoDB cuts a page at 1 MB whatever the limit is (facts.md, AppSync). */
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
 * beginning again, so that items may come twice. Throws RunError.
 */
export async function* sweep(
  client: AppSyncClient,
  listQuery: string,
  fields: string,
): AsyncGenerator<Item[]> {
  const document = `query Sweep($limit: Int, $nextToken: String) {
    page: ${listQuery}(limit: $limit, nextToken: $nextToken) { items { ${fields} } nextToken }
  }`;
  let nextToken: string | null = null;
  let begun = 1;
  while (true) {
    let page: Page;
    try {
      page = (await client.read(document, { limit: PAGE_LIMIT, nextToken })).page as Page;
    } catch (error) {
      if (!nextToken || !isBadPageToken(error) || begun === BEGINNINGS) throw error;
      begun += 1;
      nextToken = null;
      continue;
    }
    yield page.items.filter(item => item !== null);
    nextToken = page.nextToken;
    if (!nextToken) return;
  }
}
