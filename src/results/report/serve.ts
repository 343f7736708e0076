/** `report --watch`: serves the report to browsers on this computer. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { RunError } from '../../../stages/errors.ts';

interface LiveReport {
  /** Changes when the page would. */
  version(): string;
  page(): Promise<Iterable<string>>;
}

/**
 * Serves on loopback, at a secret address: the report has the names of all files, and other users of this computer can connect to
 * the port, too. Returns the address; ends when the signal is aborted.
 */
export async function serveReport(
  live: LiveReport,
  { port, signal }: { port: number; signal: AbortSignal },
): Promise<{ url: string; ended: Promise<unknown> }> {
  const path = `/${randomBytes(16).toString('hex')}/`;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    // DNS rebinding: another site's name could resolve to this computer, and its scripts could read the page.
    if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(request.headers.host ?? ''))
      return response.writeHead(403).end();
    if (request.method !== 'GET') return response.writeHead(405).end();
    if (request.url === `${path}version`) return send(response, 'text/plain', [live.version()]);
    if (request.url === path) return send(response, 'text/html', await live.page());
    return response.writeHead(404).end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(error => response.destroy(error));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening').catch(({ message }) => {
    throw new RunError(
      'port_unavailable',
      `Port ${port} cannot be used: ${message}.`,
      'Choose another one with --port.',
    );
  });
  const ended = once(server, 'close');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, ended };
}

function send(response: ServerResponse, type: string, pieces: Iterable<string>): void {
  response.writeHead(200, {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  });
  Readable.from(pieces).pipe(response);
}
