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

type Content = string | number | Markup | readonly Markup[] | null | false;

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
  if (Array.isArray(value)) return value.map(({ text }: Markup) => text).join('');
  if (value === null || value === false) return '';
  return visible(String(value)).replace(/[&<>"']/g, char => ENTITIES[char]!);
}

/** JSON for a `<script>` element: nothing in it ends the element, opens a comment or ends a line in JavaScript. */
export function dataBlock(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The address if it is https and can be linked to; null for anything else. */
export function httpsOnly(address: string | undefined): string | null {
  if (!address || !URL.canParse(address)) return null;
  return new URL(address).protocol === 'https:' ? address : null;
}
