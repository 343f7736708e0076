import type { AppSyncClient } from './client.ts';
import type { Models } from './models.ts';
import { noPage, type Page } from './sweep.ts';

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
