/**
 * What the report's page does in the browser: its two tables, search and filters. Text reaches the page as text only,
 * and the only addresses are those of Drive and what the data has as https. These functions are copied into the page.
 */
import { safeCell } from '../../run/text/csv-cell.ts';
import { formatBytes } from '../../run/text/format.ts';
import {
  consoleLink,
  csvOf,
  driveLink,
  type FolderRow,
  fileSearch,
  filesIn,
  hiddenCharacters,
  type PageData,
  type PageFile,
  type Search,
  spelledOut,
} from './page-files.ts';
import { type Column, make, PageTable, sortedBy } from './page-table.ts';

/** The whole script, for a `<script>` element. */
export function pageScript(): string {
  const texts = [safeCell, formatBytes, consoleLink, driveLink, spelledOut, hiddenCharacters];
  const files = [filesIn, fileSearch, csvOf, fileColumns, folderColumns, folderName, nameIn];
  const parts = [make, sortedBy, PageTable, ...texts, ...files, FileList, keepUpToDate, showReport];
  return `'use strict';\n${parts.map(String).join('\n')}\nshowReport();`;
}

function showReport(): void {
  const data = JSON.parse(document.getElementById('data')!.textContent!) as PageData;
  const list = new FileList(data);
  for (const button of document.querySelectorAll<HTMLElement>('button[data-show]'))
    button.addEventListener('click', () => list.goTo(JSON.parse(button.dataset.show!)));
  const holder = document.getElementById('folder-table')!;
  const columns = folderColumns(data, folder => list.goTo({ folder }));
  new PageTable(holder, 'Folders', columns).show(sortedBy(data.folders, ({ path }) => path, false));
  holder.hidden = data.folders.length === 0;
  if (data.version !== null) keepUpToDate(data.version, list);
}

interface View {
  search: Search;
  sorting: PageTable<PageFile>['sorting'];
  top: number;
}

class FileList {
  readonly #fields = ['search', 'status', 'reason', 'kind'].map(id => this.#at(id));
  #folder: string | null = null;
  readonly #matches = fileSearch();
  readonly #files: readonly PageFile[];
  readonly #table: PageTable<PageFile>;

  constructor(data: PageData) {
    this.#files = filesIn(data);
    this.#table = new PageTable(this.#at('file-table'), 'Files', fileColumns());
    this.#listen(data.csvName);
    this.#update();
  }

  /** What a reader sees of the list, to show it again. */
  get view(): View {
    const values = Object.fromEntries(this.#fields.map(({ id, value }) => [id, value]));
    const search = { ...(values as Omit<Search, 'folder'>), folder: this.#folder };
    return { search, sorting: this.#table.sorting, top: this.#table.scroller.scrollTop };
  }

  set view({ search, sorting, top }: View) {
    for (const field of this.#fields) {
      const value = search[field.id as Exclude<keyof Search, 'folder'>];
      field.value = value;
      // What no file has is not among the options.
      if (field.value !== value) field.value = 'all';
    }
    this.#folder = this.#files.some(({ path }) => path === search.folder) ? search.folder : null;
    this.#table.sorting = sorting;
    this.#update();
    this.#table.scroller.scrollTop = top;
  }

  /** Shows the files of one status, reason, kind or folder. */
  goTo(wanted: Partial<Search>): void {
    const search = { search: '', status: 'all', reason: 'all', kind: 'all', folder: null, ...wanted };
    this.view = { ...this.view, search, top: 0 };
    this.#at('files').scrollIntoView();
    this.#at('files-heading').focus({ preventScroll: true });
  }

  #update(): void {
    const files = this.#files;
    const found = files.filter(this.#matches(this.view.search));
    const bytes = found.reduce((sum, { size }) => sum + (size ?? 0), 0);
    const [count, all] = [found.length, files.length].map(number => number.toLocaleString('en-US'));
    const none = files.length > 0 ? `None of ${all} files matches.` : 'There are no files.';
    this.#at('found').textContent =
      found.length > 0 ? `${count} of ${all} files, ${formatBytes(bytes)}` : none;
    for (const id of ['file-table', 'csv']) this.#at(id).hidden = found.length === 0;
    this.#at('folder-chip').hidden = this.#folder === null;
    this.#at('folder-name').replaceChildren(folderName(this.#folder ?? ''));
    this.#table.show(found);
  }

  #listen(csvName: string): void {
    const [search, ...selects] = this.#fields;
    let timer = 0;
    search!.addEventListener('input', () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => this.#update(), 150);
    });
    for (const select of selects) select.addEventListener('change', () => this.#update());
    const form = document.getElementById('filters') as HTMLFormElement;
    form.addEventListener('submit', event => {
      event.preventDefault();
      this.#update();
    });
    const allFolders = () => {
      this.#folder = null;
      this.#update();
    };
    this.#at('clear').addEventListener('click', () => {
      form.reset();
      allFolders();
    });
    this.#at('folder-clear').addEventListener('click', () => {
      allFolders();
      search!.focus();
    });
    this.#at('csv').addEventListener('click', () => {
      const text = new Blob([csvOf(this.#table.rows)], { type: 'text/csv;charset=utf-8' });
      const address = URL.createObjectURL(text);
      make('a', { href: address, download: csvName }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    });
  }

  #at(id: string): HTMLInputElement {
    return document.getElementById(id) as HTMLInputElement;
  }
}

/** Reloads a served page when the run has changed, and keeps search, sorting and scroll positions. */
function keepUpToDate(version: string, list: FileList): void {
  const saved = sessionStorage.getItem('view');
  const details = document.getElementById('ids') as HTMLDetailsElement | null;
  if (saved) {
    sessionStorage.removeItem('view');
    const { view, isOpen, y } = JSON.parse(saved);
    list.view = view;
    if (details) details.open = isOpen;
    window.scrollTo(0, y);
  }
  const look = async () => {
    let text = version;
    try {
      const response = await fetch('version');
      if (response.ok) text = await response.text();
      document.getElementById('lost')!.hidden = true;
    } catch {
      document.getElementById('lost')!.hidden = false;
    }
    const isTyping = document.activeElement?.id === 'search';
    if (text === version || document.hidden || isTyping) return setTimeout(look, 5000);
    const view = { view: list.view, isOpen: details?.open ?? false, y: window.scrollY };
    sessionStorage.setItem('view', JSON.stringify(view));
    return window.location.reload();
  };
  setTimeout(look, 5000);
}

function fileColumns(): Column<PageFile>[] {
  const link = (text: string, address: string, name: string): Node[] => {
    const label = `${text}: ${spelledOut(name)}`;
    const attributes = { href: address, target: '_blank', rel: 'noopener noreferrer', 'aria-label': label };
    return address.startsWith('https://') ? [make('a', attributes, text)] : [];
  };
  const name = ({ name }: PageFile): Node[] => {
    const hidden = hiddenCharacters(name);
    return [nameIn('bdi', name), ...(hidden ? [make('small', { class: 'unseen' }, hidden)] : [])];
  };
  const why = ({ reason, message, relaxed }: PageFile): Node[] => [
    ...(reason.key === '' ? [] : [make('strong', {}, reason.title)]),
    ...(message === '' ? [] : [nameIn('div', message, 'message')]),
    ...(relaxed === '' ? [] : [make('div', { class: 'relaxed' }, `Relaxed naming reads: ${relaxed}`)]),
  ];
  const status = ({ status: { code, title } }: PageFile) => [
    make('span', { class: `badge badge-${code}` }, title),
  ];
  const size = ({ size }: PageFile) => [size === null ? '–' : formatBytes(size)];
  const links = ({ id, name, url }: PageFile) => [
    ...link('Drive', driveLink(id), name),
    ...link('S3', consoleLink(url) ?? url, name),
  ];
  return [
    { name: 'Status', sortBy: ({ order }) => order, content: status },
    { name: 'Name', sortBy: ({ name }) => name, content: name },
    { name: 'Folder', sortBy: ({ path }) => path, content: ({ path }) => [folderName(path)] },
    { name: 'Size', isNumber: true, sortBy: ({ size }) => size ?? -1, content: size },
    { name: 'Why', sortBy: ({ reason }) => reason.title, content: why },
    { name: 'Open', content: links },
  ];
}

function folderColumns(data: PageData, choose: (folder: string) => void): Column<FolderRow>[] {
  const doneShare = ({ files, statuses }: FolderRow) =>
    statuses.reduce((sum, count, index) => sum + (data.statuses[index]!.isDone ? count : 0), 0) / files;
  const count = (value: number) => value.toLocaleString('en-US');
  const name = ({ path }: FolderRow) => {
    const attributes = { type: 'button', class: 'plain', title: 'Show its files' };
    const button = make('button', attributes, folderName(path));
    button.addEventListener('click', () => choose(path));
    return [button];
  };
  /** One bar, divided by the statuses of the folder's files. */
  const bar = ({ files, statuses }: FolderRow) => {
    const parts = statuses.flatMap((count, index) =>
      count > 0 ? [{ count, ...data.statuses[index]! }] : [],
    );
    const label = parts.map(({ count, title }) => `${count} ${title.toLowerCase()}`).join(', ');
    let x = 0;
    const rects = parts.map(({ count, code }) => {
      const [from, width] = [x, (count / files) * 100];
      x += width;
      return make('rect', { class: `fill-${code}`, x: `${from}%`, width: `${width}%`, height: '100%' });
    });
    return [make('svg', { class: 'share small', role: 'img', 'aria-label': label }, ...rects)];
  };
  const attention = ({ attention }: FolderRow) => [attention === 0 ? '–' : count(attention)];
  const isNumber = true;
  return [
    { name: 'Folder', sortBy: ({ path }) => path, content: name },
    { name: 'Files', isNumber, sortBy: ({ files }) => files, content: ({ files }) => [count(files)] },
    { name: 'Size', isNumber, sortBy: ({ bytes }) => bytes, content: ({ bytes }) => [formatBytes(bytes)] },
    { name: 'Done', isNumber, sortBy: doneShare, content: row => [`${Math.floor(doneShare(row) * 100)}%`] },
    { name: 'By status', content: bar },
    { name: 'Need attention', isNumber, sortBy: ({ attention }) => attention, content: attention },
  ];
}

/** Each folder in its own element: a right-to-left name must not reverse the path. */
function folderName(path: string): HTMLElement {
  if (path === '') return make('em', {}, 'the folder itself');
  const parts = path.split('/').flatMap(part => [' / ', nameIn('bdi', part)]);
  return make('span', {}, ...parts.slice(1));
}

function nameIn(element: string, text: string, kind = 'name'): HTMLElement {
  return make(element, { dir: 'auto', class: kind }, spelledOut(text));
}
