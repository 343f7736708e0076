import type { drive_v3 } from '@googleapis/drive';
import type { DriveItem } from '../../../stages/drive-item.ts';
import { type DriveRef, FOLDER } from '../../../stages/record.ts';
import { FOLDER_ID, RESOURCE_KEY } from '../../config/home.ts';

export const ITEM_FIELDS =
  'id,name,mimeType,size,md5Checksum,modifiedTime,parents,trashed,resourceKey,capabilities(canListChildren),' +
  'shortcutDetails(targetId,targetMimeType,targetResourceKey)';

/** Google's client returns as text what is not JSON: a response cut off, or not Drive's at all. */
export function parsed<T extends object>(data: T, isComplete = true): T {
  if (typeof data === 'object' && isComplete) return data;
  throw Object.assign(new Error('the response is not from Google Drive'), { code: 'MALFORMED_RESPONSE' });
}

/** A page without its list is not an empty page. */
export function parsedPage(data: drive_v3.Schema$FileList): drive_v3.Schema$FileList {
  const { files } = data;
  return parsed(data, Array.isArray(files) && files.every(({ id }) => typeof id === 'string'));
}

export function itemOf(file: drive_v3.Schema$File): DriveItem {
  const target = file.shortcutDetails;
  const resourceKey = (key: string | null | undefined) => (key ? { resourceKey: key } : {});
  return {
    id: file.id!,
    name: file.name ?? '',
    mimeType: file.mimeType ?? '',
    size: file.size == null ? null : Number(file.size),
    md5: file.md5Checksum ?? null,
    modifiedTime: file.modifiedTime ?? '',
    parents: file.parents ?? [],
    trashed: file.trashed ?? false,
    ...resourceKey(file.resourceKey),
    ...(file.mimeType === FOLDER && file.capabilities?.canListChildren === false && { isClosed: true }),
    shortcut: target?.targetId
      ? {
          id: target.targetId,
          mimeType: target.targetMimeType ?? '',
          ...resourceKey(target.targetResourceKey),
        }
      : null,
  };
}

/** None without resource keys. https://developers.google.com/workspace/drive/api/guides/resource-keys */
export function resourceKeysHeader(...items: readonly DriveRef[]): Record<string, string> {
  const pairs = items
    .filter(({ id, resourceKey }) => FOLDER_ID.test(id) && RESOURCE_KEY.test(resourceKey ?? ''))
    .map(({ id, resourceKey }) => `${id}/${resourceKey}`);
  return pairs.length > 0 ? { 'x-goog-drive-resource-keys': pairs.join(',') } : {};
}
