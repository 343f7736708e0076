/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * A scrollable table of any length. Rows are grouped in chunks; only chunks near the visible part have their rows in the page,
 * the others have the height that their rows had or probably have. For printing, the first rows are all in the page.
 *
 * These functions are copied into the report's page: they may use nothing but each other.
 */

export interface Column<Row> {
  name: string;
  /** The value to sort by; without it, the column cannot be sorted. */
  sortBy?: (row: Row) => number | string;
  isNumber?: boolean;
  content: (row: Row) => (Node | string)[];
}

export class PageTable<Row> {
  readonly #rowsPerChunk = 40;
  readonly #printedRows = 1000;
  readonly #columns: readonly Column<Row>[];
  readonly #heads: readonly HTMLElement[];
  readonly #table: HTMLTableElement;
  readonly #cut = make('p', { class: 'cut' });
  readonly #observer: IntersectionObserver;
  readonly scroller: HTMLElement;
  #shown: readonly Row[] = [];
  /** Chunks with their rows in the page. */
  readonly #filled = new Set<HTMLElement>();
  #rowHeight = 56;
  /** The rows in the chosen order. */
  rows: readonly Row[] = [];
  sorting: { column: number; descending: boolean } | null = null;

  constructor(holder: HTMLElement, label: string, columns: readonly Column<Row>[]) {
    this.#columns = columns;
    this.#heads = columns.map((column, index) => this.#head(column, index));
    const row = make('tr', { role: 'row', 'aria-rowindex': '1' }, ...this.#heads);
    const head = make('thead', { role: 'rowgroup' }, row);
    this.#table = make('table', { role: 'table', 'aria-label': label }, head) as HTMLTableElement;
    this.scroller = make(
      'div',
      { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': label },
      this.#table,
    );
    holder.replaceChildren(this.scroller, this.#cut);
    this.#observer = new IntersectionObserver(entries => this.#scrolled(entries), {
      root: this.scroller,
      rootMargin: '800px 0px',
    });
    window.addEventListener('beforeprint', () => this.#showForPrint());
    window.addEventListener('afterprint', () => this.render());
  }

  show(rows: readonly Row[]): void {
    this.#shown = rows;
    this.render();
  }

  render(): void {
    const { sorting } = this;
    this.rows = sorting
      ? sortedBy(this.#shown, this.#columns[sorting.column]!.sortBy!, sorting.descending)
      : this.#shown;
    const order = sorting?.descending ? 'descending' : 'ascending';
    this.#heads.forEach((head, index) => {
      if (this.#columns[index]!.sortBy)
        head.setAttribute('aria-sort', sorting?.column === index ? order : 'none');
    });
    this.#cut.textContent = '';
    this.#observer.disconnect();
    this.#filled.clear();
    // The head is not replaced, so that the pressed button keeps the focus.
    for (const body of [...this.#table.tBodies]) body.remove();
    for (let from = 0; from < this.rows.length; from += this.#rowsPerChunk) {
      const body = make('tbody', { role: 'rowgroup', 'data-from': String(from) });
      // The first rows are there at once, without waiting for the observer.
      if (from === 0) this.#fill(body);
      else this.#empty(body);
      this.#table.append(body);
    }
    this.#table.setAttribute('aria-rowcount', String(this.rows.length + 1));
    this.scroller.scrollTop = 0;
    for (const body of this.#table.tBodies) this.#observer.observe(body);
  }

  #head({ name, sortBy, isNumber }: Column<Row>, index: number): HTMLElement {
    const attributes = { role: 'columnheader', scope: 'col', ...(isNumber && { class: 'number' }) };
    if (!sortBy) return make('th', attributes, name);
    const button = make('button', { type: 'button' }, name);
    button.addEventListener('click', () => {
      const descending = this.sorting?.column === index && !this.sorting.descending;
      this.sorting = { column: index, descending };
      this.render();
    });
    return make('th', { ...attributes, 'aria-sort': 'none' }, button);
  }

  #row(row: Row, index: number): HTMLElement {
    const cells = this.#columns.map(({ name, isNumber, content }) => {
      const attributes = { role: 'cell', 'data-name': name, ...(isNumber && { class: 'number' }) };
      return make('td', attributes, ...content(row));
    });
    return make('tr', { role: 'row', 'aria-rowindex': String(index + 2) }, ...cells);
  }

  #fill(body: HTMLElement): void {
    if (this.#filled.has(body)) return;
    this.#filled.add(body);
    const from = Number(body.dataset.from);
    const rows = this.rows.slice(from, from + this.#rowsPerChunk);
    body.replaceChildren(...rows.map((row, index) => this.#row(row, from + index)));
  }

  #empty(body: HTMLElement): void {
    this.#filled.delete(body);
    const rows = Math.min(this.#rowsPerChunk, this.rows.length - Number(body.dataset.from));
    // A chunk that is not in the page yet has no height.
    const height = body.getBoundingClientRect().height || rows * this.#rowHeight;
    this.#rowHeight = height / rows;
    const cell = make('td', { colspan: String(this.#columns.length) });
    cell.style.height = `${height}px`;
    body.replaceChildren(make('tr', { class: 'spacer', 'aria-hidden': 'true' }, cell));
  }

  #scrolled(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const body = target as HTMLElement;
      if (!body.isConnected) continue;
      if (isIntersecting) this.#fill(body);
      // A row with the keyboard focus stays.
      else if (this.#filled.has(body) && !body.contains(document.activeElement)) this.#empty(body);
    }
  }

  #showForPrint(): void {
    this.#observer.disconnect();
    for (const body of this.#table.tBodies) {
      body.hidden = Number(body.dataset.from) >= this.#printedRows;
      if (!body.hidden) this.#fill(body);
    }
    if (this.rows.length <= this.#printedRows) return;
    const [printed, all] = [this.#printedRows, this.rows.length].map(count => count.toLocaleString('en-US'));
    this.#cut.textContent = `The first ${printed} of ${all} rows are printed. Search or filter to print others.`;
  }
}

/** An element with attributes and content; text becomes text, never HTML. */
export function make(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...content: (Node | string)[]
): HTMLElement {
  const isDrawn = name === 'svg' || name === 'rect';
  const space = isDrawn ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml';
  const element = document.createElementNS(space, name) as HTMLElement;
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
