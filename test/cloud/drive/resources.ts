/** Items of the tree as resources of the API. */
import { createHash } from 'node:crypto';
import { DOCUMENT, type DriveItem, type DriveTree } from './drive-tree.ts';
import type { Searchable } from './query.ts';

/** What Google's editors offer to turn a document into; the local Drive names them only. */
const EXPORT_TYPES = [
  'application/pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
];

/** The parents an account gets to see: none, if only the item itself is shared with it. */
function parentsOf(tree: DriveTree, item: DriveItem, email: string): string[] {
  return item.parent !== null && tree.isVisible(tree.get(item.parent), email) ? [item.parent] : [];
}

export function searchableOf(tree: DriveTree, item: DriveItem, email: string): Searchable {
  return {
    name: item.name,
    mimeType: item.mimeType,
    parents: parentsOf(tree, item, email),
    trashed: tree.isTrashed(item),
    sharedWithMe: tree.isSharedWith(item, email),
  };
}

/** The File resource, https://developers.google.com/workspace/drive/api/reference/rest/v3/files. Sizes are strings. */
export function fileResource(tree: DriveTree, item: DriveItem, email: string): Record<string, unknown> {
  const { id, name, mimeType, content } = item;
  const parents = parentsOf(tree, item, email);
  const extension = content && name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : undefined;
  const inSharedDrive = item.driveId !== null;
  return {
    kind: 'drive#file',
    id,
    name,
    mimeType,
    starred: false,
    trashed: tree.isTrashed(item),
    explicitlyTrashed: item.trashed,
    parents: parents.length > 0 ? parents : undefined,
    spaces: ['drive'],
    version: String(item.revision),
    webViewLink: webViewLink(item),
    webContentLink: content ? `https://drive.google.com/uc?id=${id}&export=download` : undefined,
    createdTime: new Date(item.createdTime).toISOString(),
    modifiedTime: new Date(item.modifiedTime).toISOString(),
    driveId: inSharedDrive ? item.driveId : undefined,
    teamDriveId: inSharedDrive ? item.driveId : undefined,
    originalFilename: content ? name : undefined,
    fullFileExtension: extension,
    fileExtension: extension,
    size: content ? String(content.size) : undefined,
    quotaBytesUsed: String(content?.size ?? 0),
    // Getters: digests are worth computing only for those who ask for them.
    get md5Checksum() {
      return item.md5 === undefined ? content?.md5() : (item.md5 ?? undefined);
    },
    get headRevisionId() {
      return content ? revisionId(item) : undefined;
    },
    exportLinks: mimeType === DOCUMENT ? exportLinks(id) : undefined,
    resourceKey: item.resourceKey ?? undefined,
    shortcutDetails:
      item.targetId === null
        ? undefined
        : {
            targetId: item.targetId,
            targetMimeType: item.targetMimeType,
            targetResourceKey:
              (item.targetResourceKey === undefined
                ? tree.find(item.targetId)?.resourceKey
                : item.targetResourceKey) ?? undefined,
          },
    capabilities: {
      canDownload: item.canDownload,
      canCopy: item.canDownload,
      canListChildren: item.kind === 'folder' && !item.closed,
      canEdit: false,
      canRename: false,
      canTrash: false,
      canDelete: false,
    },
  };
}

/** What answers `drives.get`. */
export function driveResource(item: DriveItem): Record<string, unknown> {
  return {
    kind: 'drive#drive',
    id: item.id,
    name: item.name,
    createdTime: new Date(item.createdTime).toISOString(),
    hidden: false,
  };
}

/** What answers `about.get`. */
export function aboutResource(email: string): Record<string, unknown> {
  return {
    kind: 'drive#about',
    user: {
      kind: 'drive#user',
      displayName: email.slice(0, email.indexOf('@')),
      me: true,
      permissionId: createHash('sha256').update(email).digest().readUInt32BE(0).toString().padStart(20, '0'),
      emailAddress: email,
    },
    importFormats: { 'text/plain': [DOCUMENT] },
    exportFormats: { [DOCUMENT]: EXPORT_TYPES },
    storageQuota: { limit: '16106127360', usage: '0', usageInDrive: '0', usageInDriveTrash: '0' },
    maxUploadSize: '5242880000000',
    canCreateDrives: true,
    canCreateTeamDrives: true,
    appInstalled: false,
  };
}

function revisionId(item: DriveItem): string {
  const digest = createHash('sha256').update(`${item.id} ${item.revision}`).digest('base64');
  return `0B${digest.slice(0, 48)}`;
}

function exportLinks(id: string): Record<string, string> {
  const url = `https://docs.google.com/feeds/download/documents/export/Export?id=${id}`;
  return Object.fromEntries(EXPORT_TYPES.map(type => [type, `${url}&type=${encodeURIComponent(type)}`]));
}

function webViewLink({ id, kind }: DriveItem): string {
  if (kind === 'folder') return `https://drive.google.com/drive/folders/${id}`;
  if (kind === 'document') return `https://docs.google.com/document/d/${id}/edit?usp=drivesdk`;
  return `https://drive.google.com/file/d/${id}/view?usp=drivesdk`;
}
