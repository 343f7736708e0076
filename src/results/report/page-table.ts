/**
 * A table of any length in a window of its own. Rows come in chunks; only chunks near the window hold their rows, the
 * others are as high as their rows were or probably are. For print the first rows are all there.
 *
 * The report's page carries these functions as they stand: they may use nothing outside themselves but each other.
 */
import type { PageElement, PageNode, PageWindow } from './page-dom.ts';

export interface Column<Row> {
  name: string;
  /** What rows are sorted by; a column without cannot be. */
  sortBy?: (row: Row) => number | string;
  isNumber?: boolean;
  content: (row: Row) => (PageNode | string)[];
}

export interface PageTable<Row> {
  show(rows: readonly Row[]): void;
}

/** Puts an empty table into the holder. */
export function pageTable<Row>(
  window: PageWindow,
  holder: PageElement,
  { label, columns }: { label: string; columns: readonly Column<Row>[] },
): PageTable<Row> {
  const ROWS_A_CHUNK = 40;
  const PRINTED_ROWS = 1000;

  interface Chunk {
    body: PageElement;
    from: number;
    isFull: boolean;
    /** Pixels; null before it has held its rows. */
    height: number | null;
  }

  let shown: readonly Row[] = [];
  let sorted: readonly Row[] = [];
  let sorting: { column: number; descending: boolean } | null = null;
  let chunks = new Map<PageElement, Chunk>();
  let rowHeight = 56;

  const table = make(window, 'table', { role: 'table', 'aria-label': label });
  const scroller = make(
    window,
    'div',
    { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': label },
    table,
  );
  const cut = make(window, 'p', { class: 'cut' });
  holder.replaceChildren(scroller, cut);

  const heads = columns.map(({ name, sortBy, isNumber }, index) => {
    const content = sortBy ? make(window, 'button', { type: 'button' }, name) : name;
    const head = make(
      window,
      'th',
      { role: 'columnheader', scope: 'col', ...(isNumber && { class: 'number' }) },
      content,
    );
    if (!sortBy || typeof content === 'string') return head;
    head.setAttribute('aria-sort', 'none');
    content.addEventListener('click', () => {
      const again = sorting?.column === index;
      sorting = { column: index, descending: again ? !sorting!.descending : false };
      render();
    });
    return head;
  });
  const head = make(
    window,
    'thead',
    { role: 'rowgroup' },
    make(window, 'tr', { role: 'row', 'aria-rowindex': '1' }, ...heads),
  );

  table.append(head);

  const rowOf = (row: Row, index: number): PageElement => {
    const cells = columns.map(({ name, isNumber, content }) =>
      make(
        window,
        'td',
        { role: 'cell', 'data-name': name, ...(isNumber && { class: 'number' }) },
        ...content(row),
      ),
    );
    return make(window, 'tr', { role: 'row', 'aria-rowindex': String(index + 2) }, ...cells);
  };

  const fill = (chunk: Chunk) => {
    if (chunk.isFull) return;
    chunk.isFull = true;
    const rows = sorted.slice(chunk.from, chunk.from + ROWS_A_CHUNK);
    chunk.body.replaceChildren(...rows.map((row, index) => rowOf(row, chunk.from + index)));
  };

  const empty = (chunk: Chunk) => {
    if (chunk.isFull) chunk.height = chunk.body.getBoundingClientRect().height || chunk.height;
    chunk.isFull = false;
    const rows = Math.min(ROWS_A_CHUNK, sorted.length - chunk.from);
    if (chunk.height) rowHeight = chunk.height / rows;
    const cell = make(window, 'td', { colspan: String(columns.length) });
    cell.style.height = `${chunk.height ?? rows * rowHeight}px`;
    chunk.body.replaceChildren(make(window, 'tr', { class: 'spacer', 'aria-hidden': 'true' }, cell));
  };

  const observer = new window.IntersectionObserver(
    entries => {
      for (const { target, isIntersecting } of entries) {
        const chunk = chunks.get(target);
        if (!chunk) continue;
        if (isIntersecting) fill(chunk);
        // Whoever is in a row with the keyboard must not lose the place.
        else if (chunk.isFull && !target.contains(window.document.activeElement)) empty(chunk);
      }
    },
    { root: scroller, rootMargin: '800px 0px' },
  );

  const render = () => {
    const by = sorting && columns[sorting.column]!.sortBy!;
    sorted = by ? sortedBy(shown, by, sorting!.descending) : shown;
    heads.forEach((head, index) => {
      const order = sorting?.descending ? 'descending' : 'ascending';
      if (columns[index]!.sortBy) head.setAttribute('aria-sort', sorting?.column === index ? order : 'none');
    });
    observer.disconnect();
    // The head stays where it is: the button that was pressed keeps the focus.
    for (const body of chunks.keys()) body.remove();
    chunks = new Map();
    for (let from = 0; from < sorted.length; from += ROWS_A_CHUNK) {
      const body = make(window, 'tbody', { role: 'rowgroup' });
      chunks.set(body, { body, from, isFull: false, height: null });
    }
    const all = [...chunks.values()];
    // The first rows are there at once, without waiting for the observer.
    for (const chunk of all) {
      if (chunk.from === 0) fill(chunk);
      else empty(chunk);
    }
    table.setAttribute('aria-rowcount', String(sorted.length + 1));
    table.append(...chunks.keys());
    scroller.scrollTop = 0;
    for (const { body } of all) observer.observe(body);
  };

  window.addEventListener('beforeprint', () => {
    observer.disconnect();
    for (const chunk of chunks.values()) {
      const isPrinted = chunk.from < PRINTED_ROWS;
      if (isPrinted) fill(chunk);
      chunk.body.hidden = !isPrinted;
    }
    cut.textContent =
      sorted.length > PRINTED_ROWS
        ? `The first ${PRINTED_ROWS.toLocaleString('en-US')} of ${sorted.length.toLocaleString('en-US')} rows are printed. Search or filter to print others.`
        : '';
  });
  window.addEventListener('afterprint', () => {
    cut.textContent = '';
    render();
  });

  return {
    show(rows) {
      shown = rows;
      render();
    },
  };
}

/** An element with attributes and content; text becomes text, never HTML. */
export function make(
  window: PageWindow,
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...content: (PageNode | string)[]
): PageElement {
  const element = window.document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...content);
  return element;
}

/** A new array. Numbers by size, texts as people sort them (`9.jpg` before `10.jpg`); equal ones keep their order. */
export function sortedBy<Row>(
  rows: readonly Row[],
  by: (row: Row) => number | string,
  descending: boolean,
): Row[] {
  const { compare } = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const sign = descending ? -1 : 1;
  const keyed = rows.map(row => ({ row, key: by(row) }));
  keyed.sort(({ key: a }, { key: b }) => {
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * compare(String(a), String(b));
  });
  return keyed.map(({ row }) => row);
}
