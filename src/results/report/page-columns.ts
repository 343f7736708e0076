/** The columns of the report's two tables. These functions are copied into the page. */
import { formatBytes } from '../../run/text/format.ts';
import { consoleLink, driveLink } from './links.ts';
import type { PageData } from './page-script.ts';
import { type Browser, type Column, make } from './page-table.ts';
import { hiddenCharacters, spelledOut } from './page-text.ts';
import type { FileRow } from './report.ts';

export function fileColumns(window: Browser, data: PageData): Column<FileRow>[] {
  const pathOf = (row: FileRow) => data.folders[row[2]]![0];
  const reasonOf = (row: FileRow) => data.reasons[row[5]] ?? '';
  const open = (address: string | null, text: string, row: FileRow): Node[] => {
    if (!address?.startsWith('https://')) return [];
    const attributes = {
      href: address,
      target: '_blank',
      rel: 'noopener noreferrer',
      'aria-label': `${text}: ${spelledOut(row[1])}`,
    };
    return [make(window, 'a', attributes, text)];
  };
  const name = (row: FileRow): Node[] => {
    const hidden = hiddenCharacters(row[1]);
    const parts = [bdi(window, row[1])];
    return hidden ? [...parts, make(window, 'small', { class: 'unseen' }, hidden)] : parts;
  };
  const why = (row: FileRow): Node[] => [
    ...(row[5] < 0 ? [] : [make(window, 'strong', {}, reasonOf(row))]),
    ...(row[6] < 0 ? [] : [bdi(window, data.messages[row[6]]!, 'div', 'message')]),
    ...(row[9] === '' ? [] : [make(window, 'div', { class: 'relaxed' }, `Relaxed naming reads: ${row[9]}`)]),
  ];
  const status = (row: FileRow): Node[] => {
    const [code, title] = data.statuses[row[4]]!;
    return [make(window, 'span', { class: `badge badge-${code}` }, title)];
  };
  const size = (row: FileRow) => [row[3] === null ? '–' : formatBytes(row[3])];
  const links = (row: FileRow) => [
    ...open(driveLink(row[0]), 'Drive', row),
    ...open(consoleLink(row[7]) ?? row[7], 'S3', row),
  ];
  return [
    { name: 'Status', sortBy: row => row[4], content: status },
    { name: 'Name', sortBy: row => row[1], content: name },
    { name: 'Folder', sortBy: pathOf, content: row => [folderName(window, pathOf(row))] },
    { name: 'Size', isNumber: true, sortBy: row => row[3] ?? -1, content: size },
    { name: 'Why', sortBy: reasonOf, content: why },
    { name: 'Open', content: links },
  ];
}

export type FolderRow = readonly [index: number, ...PageData['folders'][number]];

export function folderColumns(
  window: Browser,
  data: PageData,
  choose: (folder: number) => void,
): Column<FolderRow>[] {
  const doneOf = (row: FolderRow) => data.done.reduce((sum, status) => sum + row[5][status]!, 0);
  const count = (value: number) => value.toLocaleString('en-US');
  const name = (row: FolderRow) => {
    const attributes = { type: 'button', class: 'plain', title: 'Show its files' };
    const button = make(window, 'button', attributes, folderName(window, row[1]));
    button.addEventListener('click', () => choose(row[0]));
    return [button];
  };
  const done = (row: FolderRow) => [`${Math.floor((doneOf(row) / row[2]) * 100)}%`];
  return [
    { name: 'Folder', sortBy: row => row[1], content: name },
    { name: 'Files', isNumber: true, sortBy: row => row[2], content: row => [count(row[2])] },
    { name: 'Size', isNumber: true, sortBy: row => row[3], content: row => [formatBytes(row[3])] },
    { name: 'Done', isNumber: true, sortBy: row => doneOf(row) / row[2], content: done },
    { name: 'By status', content: row => [folderBar(window, data, row)] },
    {
      name: 'Need attention',
      isNumber: true,
      sortBy: row => row[4],
      content: row => [row[4] === 0 ? '–' : count(row[4])],
    },
  ];
}

/** One bar, divided by the statuses of the folder's files. */
export function folderBar(window: Browser, data: PageData, row: FolderRow): Element {
  const svg = (name: string, attributes: Record<string, string>) => {
    const element = window.document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    return element;
  };
  const parts = row[5]
    .map((count, index) => ({ count, status: data.statuses[index]! }))
    .filter(({ count }) => count > 0);
  const label = parts.map(({ count, status }) => `${count} ${status[1].toLowerCase()}`).join(', ');
  const bar = svg('svg', { class: 'share small', role: 'img', 'aria-label': label });
  let x = 0;
  for (const { count, status } of parts) {
    const width = (count / row[2]) * 100;
    bar.append(svg('rect', { class: `fill-${status[0]}`, x: `${x}%`, width: `${width}%`, height: '100%' }));
    x += width;
  }
  return bar;
}

/** Each folder in its own element: a right-to-left name must not reverse the path. */
export function folderName(window: Browser, path: string): HTMLElement {
  if (path === '') return make(window, 'em', {}, 'the folder itself');
  const parts = path.split('/').flatMap((part, index) => [...(index > 0 ? [' / '] : []), bdi(window, part)]);
  return make(window, 'span', {}, ...parts);
}

export function bdi(window: Browser, text: string, name = 'bdi', kind = 'name'): HTMLElement {
  return make(window, name, { dir: 'auto', class: kind }, spelledOut(text));
}
