/**
 * What the report's page does in the browser: its two tables, search and filters. Text reaches the page as text only,
 * and the only addresses are those of Drive and what the data has as https.
 */
import { formatBytes } from '../../run/text/format.ts';
import { driveLink } from './links.ts';
import type { PageElement, PageNode, PageWindow } from './page-dom.ts';
import { make, pageTable, sortedBy } from './page-table.ts';
import type { FileRow } from './report.ts';

/** What the page carries beside its text; places of statuses, reasons, folders and messages are those in a {@link FileRow}. */
export interface PageData {
  /** Code and title. */
  statuses: readonly (readonly [string, string])[];
  /** Places of statuses that need a person or another run. */
  attention: readonly number[];
  /** Places of statuses that leave nothing to do. */
  done: readonly number[];
  /** Titles. */
  reasons: readonly string[];
  messages: readonly string[];
  /** Path, files, bytes, files that need attention, files by status. */
  folders: readonly (readonly [string, number, number, number, readonly number[]])[];
  files: readonly FileRow[];
}

/** The whole script, to stand in a `<script>` element. */
export function pageScript(): string {
  const functions = [
    make,
    sortedBy,
    pageTable,
    driveLink,
    formatBytes,
    hiddenCharacters,
    spelledOut,
    fileSearch,
    showReport,
  ];
  return `'use strict';\n${functions.map(String).join('\n')}\nshowReport(window);`;
}

export function showReport(window: PageWindow): void {
  const { document } = window;
  const at = (id: string) => document.getElementById(id)!;
  const data = JSON.parse(at('data').textContent!) as PageData;
  const matches = fileSearch(data);

  const badge = (status: number): PageElement => {
    const [code, title] = data.statuses[status]!;
    return make(window, 'span', { class: `badge badge-${code}` }, title);
  };
  const link = (address: string, text: string, about: string): PageNode[] => {
    if (!address.startsWith('https://')) return [];
    const attributes = {
      href: address,
      target: '_blank',
      rel: 'noopener noreferrer',
      'aria-label': `${text}: ${spelledOut(about)}`,
    };
    return [make(window, 'a', attributes, text)];
  };
  const pathOf = (folder: number) => data.folders[folder]![0];
  const bdi = (text: string, name = 'bdi', kind = 'name') =>
    make(window, name, { dir: 'auto', class: kind }, spelledOut(text));
  /** Each folder by itself: a name that runs from right to left must not turn the path. */
  const folderName = (path: string) => {
    if (path === '') return make(window, 'em', {}, 'the folder itself');
    const parts = path.split('/').flatMap((part, index) => [...(index > 0 ? [' / '] : []), bdi(part)]);
    return make(window, 'span', {}, ...parts);
  };

  const files = pageTable<FileRow>(window, at('file-table'), {
    label: 'Files',
    columns: [
      { name: 'Status', sortBy: row => row[4], content: row => [badge(row[4])] },
      {
        name: 'Name',
        sortBy: row => row[1],
        content: row => {
          const unseen = hiddenCharacters(row[1]);
          return [bdi(row[1]), ...(unseen ? [make(window, 'small', { class: 'unseen' }, unseen)] : [])];
        },
      },
      { name: 'Folder', sortBy: row => pathOf(row[2]), content: row => [folderName(pathOf(row[2]))] },
      {
        name: 'Size',
        isNumber: true,
        sortBy: row => row[3] ?? -1,
        content: row => [row[3] === null ? '–' : formatBytes(row[3])],
      },
      {
        name: 'Why',
        sortBy: row => (row[5] < 0 ? '' : data.reasons[row[5]]!),
        content: row => [
          ...(row[5] < 0 ? [] : [make(window, 'strong', {}, data.reasons[row[5]]!)]),
          ...(row[6] < 0 ? [] : [bdi(data.messages[row[6]]!, 'div', 'message')]),
        ],
      },
      {
        name: 'Open',
        content: row => [...link(driveLink(row[0]), 'Drive', row[1]), ...link(row[7], 'Object', row[1])],
      },
    ],
  });

  const search = at('search');
  const status = at('status');
  const reason = at('reason');
  const folderChip = at('folder-chip');
  let folder = -1;

  const update = () => {
    const asked = { text: search.value, status: status.value, reason: Number(reason.value), folder };
    const found = data.files.filter(matches(asked));
    const bytes = found.reduce((sum, row) => sum + (row[3] ?? 0), 0);
    const count = found.length.toLocaleString('en-US');
    const all = data.files.length.toLocaleString('en-US');
    at('found').textContent =
      found.length > 0
        ? `${count} of ${all} files, ${formatBytes(bytes)}`
        : data.files.length > 0
          ? `No file of ${all} fits.`
          : 'There are no files.';
    at('file-table').hidden = found.length === 0;
    folderChip.hidden = folder < 0;
    if (folder >= 0) at('folder-name').replaceChildren(folderName(pathOf(folder)));
    files.show(found);
  };

  const ask = (given: { status: string; reason?: string; folder?: number }) => {
    search.value = '';
    status.value = given.status;
    reason.value = given.reason ?? '-1';
    folder = given.folder ?? -1;
    update();
  };
  const goTo = () => {
    at('files').scrollIntoView();
    at('files-heading').focus({ preventScroll: true });
  };

  let timer = 0;
  search.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(update, 150);
  });
  for (const select of [status, reason]) select.addEventListener('change', update);
  at('filters').addEventListener('submit', event => {
    event.preventDefault();
    window.clearTimeout(timer);
    update();
  });
  at('clear').addEventListener('click', () => {
    ask({ status: data.files.some(row => data.attention.includes(row[4])) ? 'attention' : 'all' });
  });
  at('folder-clear').addEventListener('click', () => {
    folder = -1;
    update();
    search.focus();
  });
  for (const button of document.querySelectorAll('button[data-reason]')) {
    button.addEventListener('click', () => {
      ask({ status: 'all', reason: button.getAttribute('data-reason')! });
      goTo();
    });
  }
  for (const button of document.querySelectorAll('button[data-status]')) {
    button.addEventListener('click', () => {
      ask({ status: button.getAttribute('data-status')! });
      goTo();
    });
  }

  const folderBar = (counts: readonly number[], total: number): PageElement => {
    const namespace = 'http://www.w3.org/2000/svg';
    const bar = document.createElementNS(namespace, 'svg');
    const parts = counts
      .map((count, index) => ({ count, status: data.statuses[index]! }))
      .filter(({ count }) => count > 0);
    bar.setAttribute('class', 'share small');
    bar.setAttribute('role', 'img');
    bar.setAttribute(
      'aria-label',
      parts.map(({ count, status }) => `${count} ${status[1].toLowerCase()}`).join(', '),
    );
    let x = 0;
    for (const { count, status } of parts) {
      const part = document.createElementNS(namespace, 'rect');
      part.setAttribute('class', `fill-${status[0]}`);
      part.setAttribute('x', `${x}%`);
      part.setAttribute('width', `${(count / total) * 100}%`);
      part.setAttribute('height', '100%');
      bar.append(part);
      x += (count / total) * 100;
    }
    return bar;
  };
  const doneOf = (counts: readonly number[]) => data.done.reduce((sum, status) => sum + counts[status]!, 0);

  type FolderRow = readonly [index: number, ...PageData['folders'][number]];
  const folders = pageTable<FolderRow>(window, at('folder-table'), {
    label: 'Folders',
    columns: [
      {
        name: 'Folder',
        sortBy: row => row[1],
        content: row => {
          const button = make(
            window,
            'button',
            { type: 'button', class: 'plain', title: 'Show its files' },
            folderName(row[1]),
          );
          button.addEventListener('click', () => {
            ask({ status: 'all', folder: row[0] });
            goTo();
          });
          return [button];
        },
      },
      {
        name: 'Files',
        isNumber: true,
        sortBy: row => row[2],
        content: row => [row[2].toLocaleString('en-US')],
      },
      { name: 'Size', isNumber: true, sortBy: row => row[3], content: row => [formatBytes(row[3])] },
      {
        name: 'Done',
        isNumber: true,
        sortBy: row => doneOf(row[5]) / row[2],
        content: row => [`${Math.floor((doneOf(row[5]) / row[2]) * 100)}%`],
      },
      { name: 'By status', content: row => [folderBar(row[5], row[2])] },
      {
        name: 'Need attention',
        isNumber: true,
        sortBy: row => row[4],
        content: row => [row[4] === 0 ? '–' : row[4].toLocaleString('en-US')],
      },
    ],
  });
  at('folder-table').hidden = data.folders.length === 0;
  folders.show(
    sortedBy(
      data.folders.map((row, index) => [index, ...row] as const),
      row => row[1],
      false,
    ),
  );
  update();
}

/** What a row must be to be shown, for what was asked: every word somewhere in name, folder, id, reason or message. */
export function fileSearch(
  data: PageData,
): (asked: { text: string; status: string; reason: number; folder: number }) => (row: FileRow) => boolean {
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
  return ({ text, status, reason, folder }) => {
    const words = foldCase(text).split(/\s+/).filter(Boolean);
    const one = data.statuses.findIndex(([code]) => code === status);
    return row => {
      if (status === 'attention' && !data.attention.includes(row[4])) return false;
      if (one >= 0 && row[4] !== one) return false;
      if (reason >= 0 && row[5] !== reason) return false;
      if (folder >= 0 && row[2] !== folder) return false;
      return words.length === 0 || words.every(word => textOf(row).includes(word));
    };
  };
}

/**
 * The text with what turns the writing direction, breaks a line or cannot be seen spelled out as on a terminal: `\u202e`.
 * Two that join or part letters are left as they are: Persian, Indic scripts and emojis are written with them.
 */
export function spelledOut(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, char => {
    if (char === '\u200c' || char === '\u200d') return char;
    const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
    return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** `hidden characters: U+200F`; null for a name without any. A person who is to rename a file must see what is wrong. */
export function hiddenCharacters(name: string): string | null {
  const found = [...new Set(name.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu) ?? [])];
  if (found.length === 0) return null;
  const codes = found.map(char => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
  return `hidden: ${codes.join(', ')}`;
}
