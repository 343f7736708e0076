/** The little XML that S3 speaks: elements and text, no attributes of interest, no mixed content. */
import { S3Error } from './errors.ts';

/** Text, a number, nested elements, or a list of values for elements of the same name. Null and undefined are left out. */
export type XmlValue = string | number | boolean | null | undefined | XmlObject | XmlValue[];
export interface XmlObject {
  [name: string]: XmlValue;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may contain them, and S3 writes them as references
  text.replace(/[&<>"]|[\u0000-\u001f\u007f]/g, c => ENTITIES[c] ?? `&#x${c.charCodeAt(0).toString(16)};`);

function render(name: string, value: XmlValue): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(one => render(name, one)).join('');
  if (typeof value === 'object') {
    return `<${name}>${Object.entries(value)
      .map(([child, inner]) => render(child, inner))
      .join('')}</${name}>`;
  }
  return `<${name}>${escapeText(String(value))}</${name}>`;
}

/** A document with S3's namespace, or without for errors, as S3 does. */
export function document(root: string, content: XmlObject, namespace = true): string {
  const body = render(root, content);
  const opened = namespace
    ? body.replace(`<${root}>`, `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
    : body;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${opened}`;
}

export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * Parses a request body.
 * @throws S3Error `MalformedXML` when it is not well-formed or its root is not `root`.
 */
export function parseXml(source: string, root: string): XmlElement {
  const top: XmlElement = { name: '', children: [], text: '' };
  const open: XmlElement[] = [top];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const token = TOKEN.exec(source);
    if (!token) throw new S3Error('MalformedXML');
    const [, closing, name, , selfClosing, text] = token;
    const current = open.at(-1)!;
    if (text !== undefined) current.text += decodeEntities(text);
    else if (name !== undefined && closing) {
      if (current.name !== name || open.length === 1) throw new S3Error('MalformedXML');
      open.pop();
    } else if (name !== undefined) {
      const element: XmlElement = { name, children: [], text: '' };
      current.children.push(element);
      if (!selfClosing) open.push(element);
    }
  }
  const [only] = top.children;
  if (open.length !== 1 || top.children.length !== 1 || only!.name !== root || top.text.trim() !== '') {
    throw new S3Error('MalformedXML');
  }
  return only!;
}

/** The text of the first child of that name, null when there is none. */
export function textOf(element: XmlElement, name: string): string | null {
  return element.children.find(child => child.name === name)?.text ?? null;
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));|&/g, (_, hex, decimal, name) => {
    const code = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : null;
    if (code !== null && code <= 0x10ffff) return String.fromCodePoint(code);
    const named = NAMED[name ?? ''];
    if (named === undefined) throw new S3Error('MalformedXML');
    return named;
  });
}
