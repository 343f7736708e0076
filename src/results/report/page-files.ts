/** The files in the report's page: their data, search, links, and CSV. The functions are copied into the page. */
import { safeCell } from '../../run/text/csv-cell.ts';

/** The data of the page. */
export interface PageData {
  /** One array a file, since a page has many files. */
  files: readonly FileRow[];
  /** What rows refer to by index: most files share their folder, reason and message. */
  texts: readonly string[];
  /** Version of the run, for a served page that updates itself; null in a file. */
  version: string | null;
  csvName: string;
  /** The statuses, in the order of {@link FolderRow.statuses}. */
  statuses: readonly { code: string; title: string; isDone: boolean; needsAttention: boolean }[];
  /** Titles by key. */
  reasons: Readonly<Record<string, string>>;
  folders: readonly FolderRow[];
}

export interface FolderRow {
  /** Below the migrated folder, `/`-joined; empty for the migrated folder itself. */
  path: string;
  files: number;
  bytes: number;
  attention: number;
  /** Files by status. */
  statuses: readonly number[];
}

/** Size in bytes, null if Drive gives none; the last five are indexes. Texts may be empty. */
export type FileRow = readonly [
  ...[id: string, name: string, size: number | null, url: string, relaxed: string],
  ...[path: number, status: number, reason: number, message: number, kind: number],
];

export type PageFile = ReturnType<typeof filesIn>[number];

export function filesIn({ files, texts, statuses, reasons }: PageData) {
  return files.map(([id, name, size, url, relaxed, ...indexes]) => {
    const [path, code, reason, message, kind] = indexes.map(index => texts[index]!);
    const order = statuses.findIndex(status => status.code === code);
    return {
      ...{ id, name, size, url, relaxed, path: path!, message: message!, kind: kind!, order },
      status: statuses[order]!,
      reason: { key: reason!, title: reasons[reason!] ?? '' },
    };
  });
}

/** What is searched for; `all` and a null folder are no limit. */
export interface Search {
  search: string;
  /** A status, `attention` or `all`. */
  status: string;
  reason: string;
  kind: string;
  folder: string | null;
}

/** Which files a search shows: every word must be somewhere in name, folder, id, reason or message. */
export function fileSearch(): (search: Search) => (file: PageFile) => boolean {
  const foldCase = (text: string) => text.normalize('NFC').toLowerCase();
  const known = new Map<PageFile, string>();
  const textOf = (file: PageFile): string => {
    const { name, path, id, reason, message } = file;
    const text = known.get(file) ?? foldCase([name, path, id, reason.title, message].join('\n'));
    known.set(file, text);
    return text;
  };
  return ({ search, status, reason, kind, folder }) => {
    const words = foldCase(search).split(/\s+/).filter(Boolean);
    return file =>
      (status === 'all' ||
        (status === 'attention' ? file.status.needsAttention : file.status.code === status)) &&
      (reason === 'all' || file.reason.key === reason) &&
      (kind === 'all' || file.kind === kind) &&
      (folder === null || file.path === folder) &&
      words.every(word => textOf(file).includes(word));
  };
}

/** A file or a folder in Drive. */
export function driveLink(id: string): string {
  // Half of a surrogate pair cannot be encoded; Drive's ids have none.
  return `https://drive.google.com/open?id=${encodeURIComponent(id.replace(/\p{Cs}/gu, ''))}`;
}

/** The object in the AWS console, which asks for a sign-in: the object's own address answers 403. Null if it is not on AWS. */
export function consoleLink(objectUrl: string): string | null {
  const parts = /^https:\/\/([a-z0-9.-]+)\.s3\.([a-z0-9-]+)\.amazonaws\.com\/([^?#]+)$/.exec(objectUrl);
  if (!parts) return null;
  const [, bucket, region, key] = parts;
  const prefix = key!.replaceAll('/', '%2F').replaceAll('+', '%2B').replaceAll('&', '%26');
  return `https://${region}.console.aws.amazon.com/s3/object/${bucket}?region=${region}&prefix=${prefix}`;
}

/** CSV for spreadsheets, with a byte order mark; one line a file. */
export function csvOf(files: readonly PageFile[]): string {
  const columns: Record<string, (file: PageFile) => string | number> = {
    status: ({ status }) => status.code,
    folder: ({ path }) => path,
    file: ({ name }) => name,
    reason: ({ message, reason }) => message || reason.title,
    link: ({ id }) => driveLink(id),
    relaxed_reading: ({ relaxed }) => relaxed,
    kind: ({ kind }) => kind,
    bytes: ({ size }) => size ?? '',
    s3_url: ({ url }) => url,
    id: ({ id }) => id,
  };
  const cell = (value: string | number) =>
    typeof value === 'number' ? value : `"${safeCell(value, spelledOut).replaceAll('"', '""')}"`;
  const lines = files.map(file => Object.values(columns).map(column => cell(column(file))));
  return `\uFEFF${[Object.keys(columns), ...lines].map(line => `${line.join(',')}\r\n`).join('')}`;
}

/**
 * The text with characters that change the writing direction, break a line or are invisible written as on a terminal: `\u202e`.
 * Zero-width joiner and non-joiner are kept: Persian, Indic scripts and emojis need them.
 */
export function spelledOut(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, char => {
    if (char === '\u200c' || char === '\u200d') return char;
    const units = char.split('').map(unit => unit.charCodeAt(0).toString(16).padStart(4, '0'));
    return units.map(unit => `\\u${unit}`).join('');
  });
}

/** `hidden: U+200F`; null for a name without any. Someone who has to rename a file must see what is wrong. */
export function hiddenCharacters(name: string): string | null {
  const found = [...new Set(name.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu) ?? [])];
  const codes = found.map(char => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
  return codes.length > 0 ? `hidden: ${codes.join(', ')}` : null;
}
