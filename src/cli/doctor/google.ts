import { FileError, RunError } from '../../../stages/errors.ts';
import { expandTilde } from '../../config/home.ts';
import { readJson } from '../../config/json.ts';
import { valueAt } from '../../config/settings.ts';
import { type Check, NotChecked, type Surroundings } from './check.ts';

const FOLDER = 'application/vnd.google-apps.folder';

/** A Google account is signed in, and the Drive API is enabled for the project. */
export const google: Check = {
  name: 'google_sign_in',
  title: 'Google sign-in',
  async run(at) {
    const [account, project] = await Promise.all([accountAt(at), projectAt(at)]);
    return project ? `${account}, through the Google Cloud project ${project}` : account;
  },
};

async function accountAt({ loaded, services }: Surroundings): Promise<string> {
  const auth = await services.googleAuth();
  const { accountOf } = await import('../../services/drive/http.ts');
  return accountOf(auth, loaded.config.google_drive.api_url);
}

/** The project's id in the credentials file; null if it has none. */
async function projectAt({ loaded, env }: Surroundings): Promise<string | null> {
  const path = expandTilde(loaded.config.google_drive.credentials_path, env);
  const credentials = await readJson(path).catch(() => null);
  const id = valueAt(credentials, 'installed.project_id') ?? valueAt(credentials, 'project_id');
  return typeof id === 'string' ? id : null;
}

export const folder: Check = {
  name: 'folder',
  title: 'Drive folder',
  after: ['google_sign_in'],
  async run(at) {
    const { services, root } = at;
    if (!root) throw new NotChecked('no folder is set; use --folder-id or set google_drive.folder_id');
    const drive = await services.drive();
    const item = await drive.item(root);
    if (!item) throw notFound(root.id, await accountAt(at));
    if (item.mimeType !== FOLDER) throw notAFolder(item.name, root.id);
    let children = 0;
    try {
      for await (const page of drive.children([item])) children += page.length;
    } catch (error) {
      throw error instanceof FileError ? unreadable(error) : error;
    }
    return `"${item.name}", ${children} ${children === 1 ? 'entry' : 'entries'} directly in it`;
  },
};

function unreadable({ code, message }: FileError): RunError {
  return new RunError(code, message, 'Check that the folder is shared with the signed-in Google account.');
}

function notFound(folderId: string, account: string): RunError {
  return new RunError(
    'folder_not_found',
    `${account} has no access to a folder ${folderId}.`,
    'Share the folder with that account, or correct the id: it is the part of the folder\'s address after "/folders/".',
  );
}

function notAFolder(name: string, folderId: string): RunError {
  return new RunError(
    'not_a_folder',
    `"${name}" (${folderId}) is not a folder.`,
    'Open the folder in the browser and copy the part of its address after "/folders/".',
  );
}
