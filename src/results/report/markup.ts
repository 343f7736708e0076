/**
 * The one place where text becomes HTML or JSON inside HTML. Everything that goes into a page goes through `html` or
 * `dataBlock`: file names are untrusted.
 */

import { visible } from '../../run/text/visible.ts';

/** Text that is already HTML. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = string | number | Markup | readonly Content[] | null | false;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A template of HTML: values are escaped, for text and for quoted attributes, and their invisible characters
 * are made visible; null and false give no text.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(
    parts.map((part, index) => part + (index < values.length ? textOf(values[index]!) : '')).join(''),
  );
}

function textOf(value: Content): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (value === null || value === false) return '';
  return visible(String(value)).replace(/[&<>"']/g, char => ENTITIES[char]!);
}

/**
 * A table. The names of columns with numbers begin with `+`, the name of the column that names the rows with `#`. On a
 * narrow screen each row is a paragraph, and the style sheet takes the names of columns from the cells.
 */
export function table(
  kind: string,
  columns: readonly string[],
  rows: readonly (readonly Content[])[],
  caption: string | null = null,
): Markup {
  const heads = columns.map(column => {
    const [, mark, name] = /^([+#]?)(.*)$/.exec(column)!;
    return { name: name!, isHead: mark === '#', number: mark === '+' && html` class="number"` };
  });
  const cell = (content: Content, index: number) => {
    const { name, isHead, number } = heads[index]!;
    return isHead
      ? html`<th scope="row">${content}</th>`
      : html`<td${number} data-name="${name}">${content}</td>`;
  };
  return html`<table class="${kind}">
${caption !== null && html`<caption>${caption}</caption>`}
<thead><tr>${heads.map(({ name, number }) => html`<th scope="col"${number}>${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    cells => html`
<tr>${cells.map(cell)}</tr>`,
  )}
</tbody>
</table>`;
}

/** JSON for a `<script>` element: nothing in it ends the element, opens a comment or ends a line in JavaScript. */
export function dataBlock(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
