import type { DriveRef } from '../../../stages/record.ts';
import { FOLDER_ID, RESOURCE_KEY } from '../../config/home.ts';

/**
 * The header with the resource keys of the items that a request is about; no header if they have none.
 * https://developers.google.com/workspace/drive/api/guides/resource-keys
 */
export function resourceKeysHeader(...items: readonly DriveRef[]): Record<string, string> {
  const pairs = items
    .filter(({ id, resourceKey }) => FOLDER_ID.test(id) && RESOURCE_KEY.test(resourceKey ?? ''))
    .map(({ id, resourceKey }) => `${id}/${resourceKey}`);
  return pairs.length > 0 ? { 'x-goog-drive-resource-keys': pairs.join(',') } : {};
}
