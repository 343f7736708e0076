/** One request on its way through S3, and how answers are written. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Address } from './address.ts';
import type { S3Error } from './errors.ts';
import type { ObjectStore } from './object-store.ts';
import type { Authenticated } from './sigv4.ts';
import { document } from './xml.ts';

export interface Bucket {
  readonly name: string;
  readonly region: string;
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
  readonly address: Address;
  readonly authenticated: Authenticated;
  /** As in {@link Authenticated}. */
  readonly headers: ReadonlyMap<string, string>;
  readonly query: ReadonlyMap<string, string>;
  /** `''` when the request is about the bucket. */
  readonly key: string;
  readonly bucket: Bucket;
  /** Whether the policy lets this role do something to another key. */
  may(action: string, key: string): boolean;
}

type Headers = Record<string, string | number>;

export function sendXml(response: ServerResponse, xml: string, headers: Headers = {}): void {
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(xml),
  });
  response.end(xml);
}

/** An answer without a body. */
export function sendEmpty(response: ServerResponse, status: number, headers: Headers = {}): void {
  response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': 0 });
  response.end();
}

export function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: S3Error,
  resource: string,
): void {
  const xml = document(
    'Error',
    {
      Code: error.code,
      Message: error.message,
      ...error.details,
      Resource: resource,
      RequestId: String(response.getHeader('x-amz-request-id')),
      HostId: String(response.getHeader('x-amz-id-2')),
    },
    false,
  );
  if (error.details.Region !== undefined) response.setHeader('x-amz-bucket-region', error.details.Region);
  if (request.method === 'HEAD') {
    response.writeHead(error.status, { 'content-type': 'application/xml' });
    response.end();
    return;
  }
  response.writeHead(error.status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(xml),
  });
  response.end(xml);
}
