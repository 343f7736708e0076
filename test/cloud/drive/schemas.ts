/** The fields that resources of Drive v3 have, whether or not the local cloud fills them; after the API reference. */
import { type Mask, parseMask } from './fields.ts';

const USER = '(displayName,emailAddress,kind,me,permissionId,photoLink)';

const FILE = `(
  kind, id, name, mimeType, description, starred, trashed, explicitlyTrashed, trashedTime, parents, spaces, version,
  webContentLink, webViewLink, iconLink, hasThumbnail, thumbnailLink, thumbnailVersion, viewedByMe, viewedByMeTime,
  createdTime, modifiedTime, modifiedByMe, modifiedByMeTime, sharedWithMeTime, shared, ownedByMe, driveId, teamDriveId,
  originalFilename, fullFileExtension, fileExtension, md5Checksum, sha1Checksum, sha256Checksum, size, quotaBytesUsed,
  headRevisionId, isAppAuthorized, resourceKey, copyRequiresWriterPermission, writersCanShare, viewersCanCopyContent,
  permissionIds, hasAugmentedPermissions, folderColorRgb, inheritedPermissionsDisabled,
  owners${USER}, lastModifyingUser${USER}, sharingUser${USER}, trashingUser${USER},
  permissions(*), properties(*), appProperties(*), exportLinks(*), contentHints(*), contentRestrictions(*),
  imageMediaMetadata(*), videoMediaMetadata(*), labelInfo(*), linkShareMetadata(*), downloadRestrictions(*),
  clientEncryptionDetails(*),
  shortcutDetails(targetId, targetMimeType, targetResourceKey),
  capabilities(
    canAcceptOwnership, canAddChildren, canAddFolderFromAnotherDrive, canAddMyDriveParent, canChangeCopyRequiresWriterPermission,
    canChangeViewersCanCopyContent, canChangeSecurityUpdateEnabled, canComment, canCopy, canDelete, canDeleteChildren,
    canDisableInheritedPermissions, canDownload, canEdit, canEnableInheritedPermissions, canListChildren, canModifyContent,
    canModifyContentRestriction, canModifyEditorContentRestriction, canModifyLabels, canModifyOwnerContentRestriction,
    canMoveChildrenOutOfDrive, canMoveChildrenOutOfTeamDrive, canMoveChildrenWithinDrive, canMoveChildrenWithinTeamDrive,
    canMoveItemIntoTeamDrive, canMoveItemOutOfDrive, canMoveItemOutOfTeamDrive, canMoveItemWithinDrive,
    canMoveItemWithinTeamDrive, canMoveTeamDriveItem, canReadDrive, canReadLabels, canReadRevisions, canReadTeamDrive,
    canRemoveChildren, canRemoveContentRestriction, canRemoveMyDriveParent, canRename, canShare, canTrash, canTrashChildren,
    canUntrash, canChangeItemDownloadRestriction
  )
)`;

export const FILE_SCHEMA: Mask = parseMask(`file${FILE}`).get('file')!;
export const FILE_LIST_SCHEMA: Mask = parseMask(`kind,incompleteSearch,nextPageToken,files${FILE}`);
export const ABOUT_SCHEMA: Mask = parseMask(
  `kind,user${USER},storageQuota(limit,usage,usageInDrive,usageInDriveTrash),importFormats(*),exportFormats(*),maxImportSizes(*),
  maxUploadSize,appInstalled,folderColorPalette,driveThemes(*),canCreateDrives,teamDriveThemes(*),canCreateTeamDrives`,
);

/** What Drive sends when nobody asks for fields. */
export const DEFAULT_FILE_FIELDS = 'kind,id,name,mimeType,resourceKey,driveId,teamDriveId';
export const DEFAULT_LIST_FIELDS = `kind,incompleteSearch,nextPageToken,files(${DEFAULT_FILE_FIELDS})`;
