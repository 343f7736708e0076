/** files.list: search and pages. */
import { randomBytes } from 'node:crypto';
import { type DriveItem, type DriveTree, isReachable, type ResourceKeys } from './drive-tree.ts';
import { DriveError, fileNotFound, invalidParameter } from './errors.ts';
import { applyMask, booleanParameter, fieldsParameter } from './fields.ts';
import { parseQuery, type Query } from './query.ts';
import { fileResource, searchableOf } from './resources.ts';
import { DEFAULT_LIST_FIELDS, FILE_LIST_SCHEMA } from './schemas.ts';

export interface ListBehaviour {
  /** Pages hold at most so many items, whatever `pageSize` asks for. */
  pageSizeLimit?: number;
  /** Every n-th page is empty and has a `nextPageToken` all the same; 1 is not allowed. */
  emptyPageEvery?: number;
  /** The fault that rclone works around: a query that names more than one parent finds nothing. */
  multiParentQueriesFindNothing?: boolean;
  /** Folders whose listing is refused, so many times, although they are listed as children. */
  unlistable?: Map<string, { status: 403 | 404 | 500; times: number }>;
  /** Folders of whose items a listing has only every second one and `incompleteSearch`, so many times. */
  incomplete?: Map<string, number>;
}

interface Cursor {
  /** All that must not change between two pages. */
  query: string;
  items: readonly DriveItem[];
  at: number;
  page: number;
  isIncomplete: boolean;
}

/** Google forgets page tokens after hours; the local Drive after so many newer ones. */
const REMEMBERED_TOKENS = 10_000;

export class FileLister {
  readonly #tree: DriveTree;
  readonly #behaviour: ListBehaviour;
  readonly #cursors = new Map<string, Cursor>();

  /** The behaviour is looked at anew for every request. */
  constructor(tree: DriveTree, behaviour: ListBehaviour) {
    this.#tree = tree;
    this.#behaviour = behaviour;
  }

  /** The answer to a request of this account. Throws {@link DriveError}. */
  list(parameters: URLSearchParams, email: string, keys: ResourceKeys): unknown {
    const mask = fieldsParameter(parameters, FILE_LIST_SCHEMA, DEFAULT_LIST_FIELDS);
    const pageSize = Number(parameters.get('pageSize') ?? 100);
    if (!(pageSize >= 1 && pageSize <= 1000))
      throw invalidParameter('pageSize', 'Values must be within the range: [1, 1000]', 'invalidParameter');
    const cursor = this.#cursorOf(parameters, email, keys);

    const { emptyPageEvery = Number.POSITIVE_INFINITY, pageSizeLimit = pageSize } = this.#behaviour;
    const length = cursor.page % emptyPageEvery === 0 ? 0 : Math.min(pageSize, pageSizeLimit);
    const end = cursor.at + length;
    const files = cursor.items
      .slice(cursor.at, end)
      .filter(item => this.#tree.find(item.id) === item)
      .map(item => fileResource(this.#tree, item, email));
    const nextPageToken =
      end < cursor.items.length ? this.#tokenFor({ ...cursor, at: end, page: cursor.page + 1 }) : undefined;
    const incompleteSearch = cursor.isIncomplete;
    return applyMask({ kind: 'drive#fileList', incompleteSearch, nextPageToken, files }, mask);
  }

  #cursorOf(parameters: URLSearchParams, email: string, keys: ResourceKeys): Cursor {
    const scope = searchScope(parameters);
    const q = parameters.get('q');
    const query = q ? parseQuery(q, id => (id === 'root' ? this.#tree.rootId : id)) : null;
    const key = JSON.stringify([email, q, scope]);

    const token = parameters.get('pageToken');
    if (token !== null) {
      const cursor = this.#cursors.get(token);
      if (cursor?.query !== key) throw invalidParameter('pageToken');
      return cursor;
    }
    const found = this.#search(query, scope, email, keys)
      // Drive promises no order: the newest first, so that nobody relies on the order of names or of creation.
      .sort((one, other) => other.sequence - one.sequence);
    const isIncomplete = this.#isIncomplete(query);
    const items = isIncomplete ? found.filter((_, index) => index % 2 === 0) : found;
    return { query: key, items, at: 0, page: 1, isIncomplete };
  }

  #isIncomplete(query: Query | null): boolean {
    const { incomplete } = this.#behaviour;
    const folders = [...(query?.parents ?? [])].filter(id => (incomplete?.get(id) ?? 0) > 0);
    for (const id of folders) incomplete!.set(id, incomplete!.get(id)! - 1);
    return folders.length > 0;
  }

  /** Throws 404 for a parent that is not there for this account, or that refuses. */
  #checkParent(id: string, scope: SearchScope, email: string, keys: ResourceKeys): void {
    const parent = this.#tree.find(id);
    const reachable =
      parent && isReachable(this.#tree, parent, email, keys) && (scope.allDrives || !parent.driveId);
    // Drive says it with this empty place where the id should be.
    if (!reachable) throw fileNotFound('');
    const refusal = this.#behaviour.unlistable?.get(id);
    if (!refusal || refusal.times === 0) return;
    refusal.times -= 1;
    if (refusal.status === 404) throw fileNotFound('');
    if (refusal.status === 500) throw new DriveError(500, 'internalError', 'Internal Error');
    const message = 'The user does not have sufficient permissions for this file.';
    throw new DriveError(403, 'insufficientFilePermissions', message);
  }

  #search(query: Query | null, scope: SearchScope, email: string, keys: ResourceKeys): DriveItem[] {
    const tree = this.#tree;
    for (const id of query?.parents ?? []) this.#checkParent(id, scope, email, keys);
    if (this.#behaviour.multiParentQueriesFindNothing && (query?.parents.size ?? 0) > 1) return [];

    const candidates = query?.parents.size
      ? [...query.parents].flatMap(id => tree.childrenOf(id))
      : [...tree.items()];
    return candidates.filter(
      item =>
        item.parent !== null &&
        !tree.get(item.parent).closed &&
        (item.driveId === null || scope.items) &&
        tree.isVisible(item, email) &&
        (!query || query.matches(searchableOf(tree, item, email))),
    );
  }

  #tokenFor(cursor: Cursor): string {
    // Google's tokens contain such characters too: a client that does not encode them must fail here.
    const token = `~!!~${randomBytes(36).toString('base64')}+/=`;
    this.#cursors.set(token, cursor);
    if (this.#cursors.size > REMEMBERED_TOKENS) this.#cursors.delete(this.#cursors.keys().next().value!);
    return token;
  }
}

interface SearchScope {
  /** Whether items of shared drives exist for the caller. */
  allDrives: boolean;
  items: boolean;
}

function searchScope(parameters: URLSearchParams): SearchScope {
  const allDrives = booleanParameter(parameters, 'supportsAllDrives');
  const items = booleanParameter(parameters, 'includeItemsFromAllDrives');
  if (items && !allDrives) throw invalidParameter('supportsAllDrives');
  for (const name of ['orderBy', 'corpora', 'driveId'])
    if (parameters.has(name))
      throw new DriveError(501, 'notImplemented', `The local Drive does not offer ${name}.`);
  return { allDrives, items };
}
