/** One request on its way through S3, and how answers are written. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Headers } from './body.ts';
import type { ObjectStore } from './object-store.ts';

export interface Bucket {
  readonly name: string;
  readonly store: ObjectStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** See S3Options. */
  readonly repeatedComplete: 'refused' | 'answered again';
}

/** A request that is authenticated and allowed. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: Headers;
  readonly query: URLSearchParams;
  /** `''` when the request is about the bucket. */
  readonly key: string;
  readonly bucket: Bucket;
  /** Whether the role may list the whole bucket. */
  readonly mayList: boolean;
}

/** Text, a number, nested elements, or a list of values for elements of the same name. Null and undefined are left out. */
type XmlValue = string | number | boolean | null | undefined | XmlObject | XmlValue[];
interface XmlObject {
  [name: string]: XmlValue;
}

/** An XML document of the little that S3 speaks: elements and text, no mixed content. */
export function xmlOf(root: string, content: XmlObject): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementOf(root, content)}`;
}

function elementOf(name: string, value: XmlValue): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(one => elementOf(name, one)).join('');
  const inner =
    typeof value === 'object'
      ? Object.entries(value).map(([child, below]) => elementOf(child, below))
      : [String(value).replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)];
  return `<${name}>${inner.join('')}</${name}>`;
}

export function send(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  xml = '',
): void {
  const type = xml === '' ? {} : { 'content-type': 'application/xml' };
  response.writeHead(status, { ...headers, ...type, 'content-length': Buffer.byteLength(xml) });
  response.end(xml);
}
