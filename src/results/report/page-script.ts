/**
 * What the report's page does in the browser: its two tables, search and filters. Text reaches the page as text only,
 * and the only addresses are those of Drive and what the data has as https.
 */
import { safeCell } from '../../run/text/csv-cell.ts';
import { formatBytes } from '../../run/text/format.ts';
import { consoleLink, driveLink } from './links.ts';
import { bdi, type FolderRow, fileColumns, folderBar, folderColumns, folderName } from './page-columns.ts';
import { type Browser, make, PageTable, type Sorting, sortedBy } from './page-table.ts';
import { csvOf, fileSearch, hiddenCharacters, type Search, spelledOut } from './page-text.ts';
import type { FileRow } from './report.ts';

/** The data of the page; a {@link FileRow} refers to statuses, reasons, folders and messages by index. */
export interface PageData {
  /** Version of the run, for a served page that updates itself; null in a file. */
  version: string | null;
  csvName: string;
  /** Code and title. */
  statuses: readonly (readonly [string, string])[];
  /** Indexes of statuses that need a person or another run. */
  attention: readonly number[];
  /** Indexes of statuses with nothing left to do. */
  done: readonly number[];
  kinds: readonly string[];
  reasons: readonly string[];
  messages: readonly string[];
  /** Path, files, bytes, files that need attention, files by status. */
  folders: readonly (readonly [string, number, number, number, readonly number[]])[];
  files: readonly FileRow[];
}

/** The whole script, for a `<script>` element. */
export function pageScript(): string {
  const parts = [
    make,
    sortedBy,
    PageTable,
    driveLink,
    consoleLink,
    formatBytes,
    safeCell,
    csvOf,
    hiddenCharacters,
    spelledOut,
    fileSearch,
    bdi,
    folderName,
    folderBar,
    fileColumns,
    folderColumns,
    FileList,
    keepUpToDate,
    showReport,
  ];
  return `'use strict';\n${parts.map(String).join('\n')}\nshowReport(window);`;
}

export function showReport(window: Browser): void {
  const { document } = window;
  const at = (id: string) => document.getElementById(id)!;
  const data = JSON.parse(at('data').textContent!) as PageData;
  const list = new FileList(window, data);
  for (const button of document.querySelectorAll<HTMLElement>('button[data-show]'))
    button.addEventListener('click', () => list.goTo(JSON.parse(button.dataset.show!)));
  const choose = (folder: number) => list.goTo({ folder });
  const columns = folderColumns(window, data, choose);
  const folders = new PageTable<FolderRow>(window, at('folder-table'), { label: 'Folders', columns });
  at('folder-table').hidden = data.folders.length === 0;
  const rows = data.folders.map((row, index) => [index, ...row] as const);
  folders.show(sortedBy(rows, row => row[1], false));
  list.update();
  if (data.version !== null) keepUpToDate(window, data.version, list);
}

interface View {
  search: Search;
  names: { reason: string | null; folder: string | null };
  sorting: Sorting | null;
  scrollTop: number;
}

export class FileList {
  readonly #window: Browser;
  readonly #data: PageData;
  readonly #matches: (search: Search) => (row: FileRow) => boolean;
  readonly table: PageTable<FileRow>;
  #folder = -1;

  constructor(window: Browser, data: PageData) {
    this.#window = window;
    this.#data = data;
    this.#matches = fileSearch(data);
    const columns = fileColumns(window, data);
    this.table = new PageTable<FileRow>(window, this.#at('file-table'), { label: 'Files', columns });
    this.#listen();
  }

  get search(): Search {
    const [text, status, reason, kind] = ['search', 'status', 'reason', 'kind'].map(
      id => this.#field(id).value,
    );
    return {
      text: text!,
      status: status!,
      reason: Number(reason),
      kind: Number(kind),
      folder: this.#folder,
    };
  }

  set search({ text, status, reason, kind, folder }: Search) {
    const values = { search: text, status, reason: String(reason), kind: String(kind) };
    for (const [id, value] of Object.entries(values)) this.#field(id).value = value;
    // A status without files is not among the options.
    if (this.#field('status').value === '') this.#field('status').value = 'all';
    this.#folder = folder;
    this.update();
  }

  /** With names instead of indexes, which change with the run. */
  get view(): View {
    const { reasons, folders } = this.#data;
    const { search, table } = this;
    const names = { reason: reasons[search.reason] ?? null, folder: folders[search.folder]?.[0] ?? null };
    return { search, names, sorting: table.sorting, scrollTop: table.scroller.scrollTop };
  }

  set view({ search, names, sorting, scrollTop }: View) {
    this.table.sorting = sorting;
    const reason = this.#data.reasons.indexOf(names.reason ?? '');
    const folder = this.#data.folders.findIndex(([path]) => path === names.folder);
    this.search = { ...search, reason, folder };
    this.table.scroller.scrollTop = scrollTop;
  }

  /** Shows the files of one status, reason, kind or folder. */
  goTo(search: Partial<Search>): void {
    this.search = { text: '', status: 'all', reason: -1, kind: -1, folder: -1, ...search };
    this.#at('files').scrollIntoView();
    this.#at('files-heading').focus({ preventScroll: true });
  }

  update(): void {
    const { files } = this.#data;
    const found = files.filter(this.#matches(this.search));
    const bytes = found.reduce((sum, row) => sum + (row[3] ?? 0), 0);
    const [count, all] = [found.length, files.length].map(number => number.toLocaleString('en-US'));
    const none = files.length > 0 ? `None of ${all} files matches.` : 'There are no files.';
    this.#at('found').textContent =
      found.length > 0 ? `${count} of ${all} files, ${formatBytes(bytes)}` : none;
    this.#at('file-table').hidden = found.length === 0;
    this.#at('csv').hidden = found.length === 0;
    this.#at('folder-chip').hidden = this.#folder < 0;
    if (this.#folder >= 0)
      this.#at('folder-name').replaceChildren(folderName(this.#window, this.#data.folders[this.#folder]![0]));
    this.table.show(found);
  }

  #listen(): void {
    const search = this.#at('search');
    let timer = 0;
    search.addEventListener('input', () => {
      this.#window.clearTimeout(timer);
      timer = this.#window.setTimeout(() => this.update(), 150);
    });
    for (const id of ['status', 'reason', 'kind'])
      this.#at(id).addEventListener('change', () => this.update());
    this.#at('filters').addEventListener('submit', event => {
      event.preventDefault();
      this.#window.clearTimeout(timer);
      this.update();
    });
    this.#at('clear').addEventListener('click', () => {
      const { files, attention } = this.#data;
      const status = files.some(row => attention.includes(row[4])) ? 'attention' : 'all';
      this.search = { text: '', status, reason: -1, kind: -1, folder: -1 };
    });
    this.#at('folder-clear').addEventListener('click', () => {
      this.search = { ...this.search, folder: -1 };
      search.focus();
    });
    this.#at('csv').addEventListener('click', () => this.#download());
  }

  #download(): void {
    const { Blob, URL } = this.#window;
    const text = csvOf(this.#data, this.table.rows);
    const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    make(this.#window, 'a', { href: address, download: this.#data.csvName }).click();
    this.#window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  #field(id: string): HTMLInputElement {
    return this.#at(id) as HTMLInputElement;
  }

  #at(id: string): HTMLElement {
    return this.#window.document.getElementById(id)!;
  }
}

/** Reloads a served page when the run has changed, and keeps search, sorting and scroll positions. */
export function keepUpToDate(window: Browser, version: string, list: FileList): void {
  const saved = window.sessionStorage.getItem('view');
  const details = window.document.getElementById('ids') as HTMLDetailsElement | null;
  if (saved) {
    window.sessionStorage.removeItem('view');
    const { view, open, y } = JSON.parse(saved);
    list.view = view;
    if (details) details.open = open;
    window.scrollTo(0, y);
  }
  const reload = () => {
    const places = { open: details?.open ?? false, y: window.scrollY };
    window.sessionStorage.setItem('view', JSON.stringify({ view: list.view, ...places }));
    window.location.reload();
  };
  const look = async () => {
    let text = version;
    try {
      const response = await window.fetch('version');
      if (response.ok) text = await response.text();
      window.document.getElementById('lost')!.hidden = true;
    } catch {
      window.document.getElementById('lost')!.hidden = false;
    }
    const isTyping = window.document.activeElement === window.document.getElementById('search');
    if (text !== version && !window.document.hidden && !isTyping) reload();
    else window.setTimeout(look, 5000);
  };
  window.setTimeout(look, 5000);
}
