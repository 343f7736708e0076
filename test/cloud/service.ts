/**
 * What the services of the local cloud have in common: each is an HTTP server of its own on a loopback port, counts
 * its requests by operation, and lets a test step in before it answers.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Looks at a request before the service does. Returns true when it has answered (or destroyed) it itself. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface Service {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
  /** How many requests of each operation arrived, refused ones included. The service names its operations. */
  readonly requests: Map<string, number>;
  /** Null, or what steps in before the service answers; see {@link Intercept}. */
  intercept: Intercept | null;
  close(): Promise<void>;
}

export interface Handler {
  /** The operation a request asks for, by the service's own names (`files.list`, `PutObject`, `createMedia`). */
  operationOf(request: IncomingMessage): string;
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** Starts a service on 127.0.0.1 and a free port. */
export async function serve(handler: Handler): Promise<Service> {
  const requests = new Map<string, number>();
  const count = (operation: string) => requests.set(operation, (requests.get(operation) ?? 0) + 1);

  let isClosed = false;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    count(handler.operationOf(request));
    if (service.intercept && (await service.intercept(request, response))) return;
    await handler.handle(request, response);
  };
  const server: Server = createServer((request, response) => {
    answer(request, response).catch(error => {
      // What was still arriving when the service closed has lost its connection, and its folder.
      if (isClosed) return;
      // A fault of the cloud itself must be seen, not retried away by the client.
      console.error(`local cloud: ${request.method} ${request.url}`, error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const service: Service = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    intercept: null,
    close: () =>
      new Promise(resolve => {
        isClosed = true;
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** The part that a Range header asks for, `end` exclusive; null for the whole, also for a header that makes no sense (RFC 9110, 14.2). */
export function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { start: number; end: number } | 'outside' | null {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || (last && Number(last) < Number(first))) return null;
  if (Number(first) >= sizeBytes) return 'outside';
  return { start: Number(first), end: last ? Math.min(Number(last) + 1, sizeBytes) : sizeBytes };
}
