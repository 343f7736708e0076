/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * A scrollable table of any length. Rows are grouped in chunks; only chunks near the visible part have their rows in the page,
 * the others have the height that their rows had or probably have. For printing, the first rows are all in the page.
 *
 * These functions are copied into the report's page: they may use nothing but each other.
 */

/** `window`, as a parameter: nothing else of the program runs in a browser. */
export type Browser = Window & typeof globalThis;

export interface Column<Row> {
  name: string;
  /** The value to sort by; without it, the column cannot be sorted. */
  sortBy?: (row: Row) => number | string;
  isNumber?: boolean;
  content: (row: Row) => (Node | string)[];
}

export interface Sorting {
  column: number;
  descending: boolean;
}

interface Chunk {
  body: HTMLElement;
  from: number;
  isFull: boolean;
  /** Pixels; null before its rows were shown. */
  height: number | null;
}

export class PageTable<Row> {
  readonly #rowsPerChunk = 40;
  readonly #printedRows = 1000;
  readonly #window: Browser;
  readonly #columns: readonly Column<Row>[];
  readonly #table: HTMLElement;
  readonly #heads: readonly HTMLElement[];
  readonly #cut: HTMLElement;
  readonly #observer: IntersectionObserver;
  readonly scroller: HTMLElement;
  #shown: readonly Row[] = [];
  #sorted: readonly Row[] = [];
  #chunks = new Map<Element, Chunk>();
  #rowHeight = 56;
  sorting: Sorting | null = null;

  constructor(
    window: Browser,
    holder: HTMLElement,
    { label, columns }: { label: string; columns: readonly Column<Row>[] },
  ) {
    this.#window = window;
    this.#columns = columns;
    this.#heads = columns.map((column, index) => this.#head(column, index));
    const row = make(window, 'tr', { role: 'row', 'aria-rowindex': '1' }, ...this.#heads);
    const head = make(window, 'thead', { role: 'rowgroup' }, row);
    this.#table = make(window, 'table', { role: 'table', 'aria-label': label }, head);
    const region = { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': label };
    this.scroller = make(window, 'div', region, this.#table);
    this.#cut = make(window, 'p', { class: 'cut' });
    holder.replaceChildren(this.scroller, this.#cut);
    this.#observer = this.#observerOfChunks();
    window.addEventListener('beforeprint', () => this.#showForPrint());
    window.addEventListener('afterprint', () => {
      this.#cut.textContent = '';
      this.#render();
    });
  }

  show(rows: readonly Row[]): void {
    this.#shown = rows;
    this.#render();
  }

  get rows(): readonly Row[] {
    return this.#sorted;
  }

  #head({ name, sortBy, isNumber }: Column<Row>, index: number): HTMLElement {
    const attributes = { role: 'columnheader', scope: 'col', ...(isNumber && { class: 'number' }) };
    if (!sortBy) return make(this.#window, 'th', attributes, name);
    const button = make(this.#window, 'button', { type: 'button' }, name);
    button.addEventListener('click', () => {
      const descending = this.sorting?.column === index && !this.sorting.descending;
      this.sorting = { column: index, descending };
      this.#render();
    });
    return make(this.#window, 'th', { ...attributes, 'aria-sort': 'none' }, button);
  }

  #row(row: Row, index: number): HTMLElement {
    const cells = this.#columns.map(({ name, isNumber, content }) => {
      const attributes = { role: 'cell', 'data-name': name, ...(isNumber && { class: 'number' }) };
      return make(this.#window, 'td', attributes, ...content(row));
    });
    return make(this.#window, 'tr', { role: 'row', 'aria-rowindex': String(index + 2) }, ...cells);
  }

  #fill(chunk: Chunk): void {
    if (chunk.isFull) return;
    chunk.isFull = true;
    const rows = this.#sorted.slice(chunk.from, chunk.from + this.#rowsPerChunk);
    chunk.body.replaceChildren(...rows.map((row, index) => this.#row(row, chunk.from + index)));
  }

  #empty(chunk: Chunk): void {
    if (chunk.isFull) chunk.height = chunk.body.getBoundingClientRect().height || chunk.height;
    chunk.isFull = false;
    const rows = Math.min(this.#rowsPerChunk, this.#sorted.length - chunk.from);
    if (chunk.height) this.#rowHeight = chunk.height / rows;
    const cell = make(this.#window, 'td', { colspan: String(this.#columns.length) });
    cell.style.height = `${chunk.height ?? rows * this.#rowHeight}px`;
    chunk.body.replaceChildren(make(this.#window, 'tr', { class: 'spacer', 'aria-hidden': 'true' }, cell));
  }

  #observerOfChunks(): IntersectionObserver {
    return new this.#window.IntersectionObserver(
      entries => {
        for (const { target, isIntersecting } of entries) {
          const chunk = this.#chunks.get(target);
          if (!chunk) continue;
          if (isIntersecting) this.#fill(chunk);
          // A row with the keyboard focus stays.
          else if (chunk.isFull && !target.contains(this.#window.document.activeElement)) this.#empty(chunk);
        }
      },
      { root: this.scroller, rootMargin: '800px 0px' },
    );
  }

  #render(): void {
    const { sorting } = this;
    this.#sorted = sorting
      ? sortedBy(this.#shown, this.#columns[sorting.column]!.sortBy!, sorting.descending)
      : this.#shown;
    this.#heads.forEach((head, index) => {
      const order = sorting?.descending ? 'descending' : 'ascending';
      if (this.#columns[index]!.sortBy)
        head.setAttribute('aria-sort', sorting?.column === index ? order : 'none');
    });
    this.#observer.disconnect();
    // The head is not replaced, so that the pressed button keeps the focus.
    for (const body of this.#chunks.keys()) body.remove();
    this.#chunks.clear();
    for (let from = 0; from < this.#sorted.length; from += this.#rowsPerChunk) {
      const chunk = {
        body: make(this.#window, 'tbody', { role: 'rowgroup' }),
        from,
        isFull: false,
        height: null,
      };
      this.#chunks.set(chunk.body, chunk);
      // The first rows are there at once, without waiting for the observer.
      if (from === 0) this.#fill(chunk);
      else this.#empty(chunk);
    }
    this.#table.setAttribute('aria-rowcount', String(this.#sorted.length + 1));
    this.#table.append(...this.#chunks.keys());
    this.scroller.scrollTop = 0;
    for (const body of this.#chunks.keys()) this.#observer.observe(body);
  }

  #showForPrint(): void {
    const printedRows = this.#printedRows;
    this.#observer.disconnect();
    for (const chunk of this.#chunks.values()) {
      if (chunk.from < printedRows) this.#fill(chunk);
      chunk.body.hidden = chunk.from >= printedRows;
    }
    const [printed, all] = [printedRows, this.#sorted.length].map(count => count.toLocaleString('en-US'));
    this.#cut.textContent =
      this.#sorted.length > printedRows
        ? `The first ${printed} of ${all} rows are printed. Search or filter to print others.`
        : '';
  }
}

/** An element with attributes and content; text becomes text, never HTML. */
export function make(
  window: Browser,
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...content: (Node | string)[]
): HTMLElement {
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
