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

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The children of each element `name` in a request body, by their names: flat elements in a flat list, as S3's clients send.
 * @throws S3Error `MalformedXML` when the root is not `root`, or something else is in it
 */
export function listIn(source: string, root: string, name: string): Map<string, string>[] {
  const content = new RegExp(`^(?:<\\?.*?\\?>)?\\s*<${root}[^>]*>(.*)</${root}>\\s*$`, 's').exec(source)?.[1];
  const elements = [...(content ?? '').matchAll(new RegExp(`\\s*<${name}>(.*?)</${name}>\\s*`, 'gs'))];
  if (elements.map(([whole]) => whole).join('') !== content) throw new S3Error('MalformedXML');
  return elements.map(
    ([, inner]) =>
      new Map(
        [...inner!.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, child, text]) => [child!, decoded(text!)]),
      ),
  );
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|(\w+));/g, (whole, code, named) =>
    code ? String.fromCodePoint(Number(code)) : (NAMED[named] ?? whole),
  );
}
