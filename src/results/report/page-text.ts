/** Text in the report's page: search, invisible characters, CSV. These functions are copied into the page. */
import { safeCell } from '../../run/text/csv-cell.ts';
import { driveLink } from './links.ts';
import type { PageData } from './page-script.ts';
import type { FileRow } from './report.ts';

export interface Search {
  text: string;
  /** A status, `attention` or `all`. */
  status: string;
  /** Indexes in the data; -1 for any. */
  reason: number;
  kind: number;
  folder: number;
}

/** Which rows a search shows: every word must be somewhere in name, folder, id, reason or message. */
export function fileSearch(data: PageData): (search: Search) => (row: FileRow) => boolean {
  const foldCase = (text: string) => text.normalize('NFC').toLowerCase();
  const known = new Map<FileRow, string>();
  const textOf = (row: FileRow): string => {
    const text = known.get(row);
    if (text !== undefined) return text;
    const parts = [
      row[1],
      data.folders[row[2]]![0],
      row[0],
      data.reasons[row[5]] ?? '',
      data.messages[row[6]] ?? '',
    ];
    const folded = foldCase(parts.join('\n'));
    known.set(row, folded);
    return folded;
  };
  return ({ text, status, reason, kind, folder }) => {
    const words = foldCase(text).split(/\s+/).filter(Boolean);
    const one = data.statuses.findIndex(([code]) => code === status);
    return row => {
      if (status === 'attention' && !data.attention.includes(row[4])) return false;
      if (one >= 0 && row[4] !== one) return false;
      if (reason >= 0 && row[5] !== reason) return false;
      if (kind >= 0 && row[8] !== kind) return false;
      if (folder >= 0 && row[2] !== folder) return false;
      return words.length === 0 || words.every(word => textOf(row).includes(word));
    };
  };
}

/** For spreadsheets, with a byte order mark; one line a file. */
export function csvOf(data: PageData, rows: readonly FileRow[]): string {
  const columns: Record<string, (row: FileRow) => string | number> = {
    status: row => data.statuses[row[4]]![0],
    folder: row => data.folders[row[2]]![0],
    file: row => row[1],
    reason: row => data.messages[row[6]] ?? data.reasons[row[5]] ?? '',
    link: row => driveLink(row[0]),
    relaxed_reading: row => row[9],
    kind: row => data.kinds[row[8]]!,
    bytes: row => row[3] ?? '',
    s3_url: row => row[7],
    id: row => row[0],
  };
  const cell = (value: string | number) =>
    typeof value === 'number' ? value : `"${safeCell(value, spelledOut).replaceAll('"', '""')}"`;
  const lines = rows.map(row => Object.values(columns).map(column => cell(column(row))));
  return `\uFEFF${[Object.keys(columns), ...lines].map(line => `${line.join(',')}\r\n`).join('')}`;
}

/**
 * The text with characters that change the writing direction, break a line or are invisible written as on a terminal: `\u202e`.
 * Zero-width joiner and non-joiner are kept: Persian, Indic scripts and emojis need them.
 */
export function spelledOut(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, char => {
    if (char === '\u200c' || char === '\u200d') return char;
    const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
    return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** `hidden: U+200F`; null for a name without any. Someone who has to rename a file must see what is wrong. */
export function hiddenCharacters(name: string): string | null {
  const found = [...new Set(name.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu) ?? [])];
  if (found.length === 0) return null;
  const codes = found.map(char => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
  return `hidden: ${codes.join(', ')}`;
}
