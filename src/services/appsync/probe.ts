import type { AppSyncClient } from './client.ts';
import { aboutRequest, isSchemaMismatch, isUnreadable, itemOf, RequestFailed } from './errors.ts';
import type { Models } from './models.ts';
import { unfit } from './schema.ts';

const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Reads one observation and asks for a media record, with all fields that the tool uses. Throws RunError. */
export async function readOnce(
  client: AppSyncClient,
  endpoint: string,
  { observation, media }: Models,
): Promise<{ isEmpty: boolean; unreadable?: { name: string; reason: string } }> {
  const fields = ['id', media.url, media.observationId, media.type, media.isAvailableForPublicUse];
  const { data, errors } = await client.request({
    document: `query Doctor($id: ID!) {
      page: ${observation.listQuery}(limit: 1) { items { id ${observation.sequentialId} } }
      media: ${media.getQuery}(id: $id) { ${fields.filter(Boolean).join(' ')} }
    }`,
    variables: { id: NO_ID },
  });
  if (data && errors.length > 0 && errors.every(error => itemOf(error) !== null && isUnreadable(error))) {
    const document = `query Named { page: ${observation.listQuery}(limit: 1) { items { id } } }`;
    const { page } = (await client.read({ document })) as { page: { items: ({ id: string } | null)[] } };
    const unreadable = { name: String(page.items[0]?.id), reason: errors[0]?.message ?? '' };
    return { isEmpty: false, unreadable };
  }
  const page = data?.page as { items: unknown[] } | null | undefined;
  if (page?.items && errors.length === 0) return { isEmpty: page.items.length === 0 };
  if (isSchemaMismatch(errors)) throw unfit([errors[0]!.message ?? '']);
  const message = errors[0]?.message ?? `no page of ${observation.listQuery}`;
  throw aboutRequest(new RequestFailed(200, message, errors), endpoint);
}
