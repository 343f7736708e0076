/** Tables for spreadsheets: CSV (RFC 4180) in UTF-8. */
import { stringify } from 'csv-stringify/sync';
import { safeCell } from './csv-cell.ts';
import { visible } from './visible.ts';

/** Null and undefined are empty cells. */
export type Cell = string | number | boolean | null | undefined;

/** The cell of each column, by the column's name. */
export type Columns<Item> = Readonly<Record<string, (item: Item) => Cell>>;

/** Without this mark, Excel reads the file in the local 8-bit character set. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Depending on the country and the import settings, each of these may end a cell; a space rarely does, so it counts only
 * before a formula.
 */
const SEPARATOR = /[;,|\t\r\n]|\s[=+\-@]/;

/**
 * The names of the columns, and a row for each item: each is one line of text with its line end; the first begins with a byte order mark. A text that
 * a spreadsheet would take for a formula, or for a number or date that it shows otherwise, gets an apostrophe before it.
 * Control characters in a text, line ends among them, are spelled out (`\u000a`), so that every row is one line and does
 * no harm on a terminal.
 */
export async function* csvLines<Item>(
  columns: Columns<Item>,
  items: AsyncIterable<Item> | Iterable<Item>,
): AsyncGenerator<string> {
  const cells = Object.values(columns);
  yield BYTE_ORDER_MARK + lineOf(Object.keys(columns));
  for await (const item of items) yield lineOf(cells.map(cellOf => cellOf(item)));
}

function lineOf(cells: readonly Cell[]): string {
  const printable = cells.map(cell => (typeof cell === 'string' ? safeCell(cell, visible) : cell));
  return stringify([printable], {
    quoted_match: SEPARATOR,
    record_delimiter: 'windows',
    cast: { boolean: value => String(value) },
  });
}
