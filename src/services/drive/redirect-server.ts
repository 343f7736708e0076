/** The loopback address to which Google sends the browser back. */
import { on, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Redirect {
  code: string | null;
  /** As OAuth names it (`access_denied`); null if there is none. */
  error: string | null;
  /** '' if there is none. */
  state: string;
  /** Shows the person in the browser the outcome. */
  reply(outcome: Outcome): void;
}

type Outcome = 'accepted' | 'denied' | 'foreign';

const PAGES: Record<Outcome, { status: number; title: string; text: string }> = {
  accepted: {
    status: 200,
    title: 'Signed in',
    text: 'You can close this window and go back to the terminal.',
  },
  denied: { status: 200, title: 'Not signed in', text: 'The terminal says what to do.' },
  foreign: {
    status: 400,
    title: 'Not for this sign-in',
    text: 'This address belongs to another sign-in. Use the address that the terminal shows.',
  },
};

/** Browsers keep connections open; the page has been written by then. */
const LAST_PAGE_MS = 500;

/** Listens on 127.0.0.1 and a free port. `redirects` ends when the server is closed. */
export async function redirectServer() {
  const server = createServer();
  const requests = on(server, 'request', { close: ['close'] });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    redirects: redirectsOf(requests),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), LAST_PAGE_MS).unref();
      await closed;
    },
  };
}

async function* redirectsOf(requests: AsyncIterable<unknown[]>): AsyncGenerator<Redirect> {
  for await (const [request, response] of requests as AsyncIterable<[IncomingMessage, ServerResponse]>) {
    const redirect = redirectOf(request, response);
    if (redirect) yield redirect;
    else response.writeHead(404).end();
  }
}

/** Null for anything that is not Google's redirect: any program of this machine can send requests here. */
function redirectOf(request: IncomingMessage, response: ServerResponse): Redirect | null {
  const { method, url = '' } = request;
  if (method !== 'GET' || !url.startsWith('/?')) return null;
  const parameters = new URLSearchParams(url.slice(2));
  const [code, error] = [parameters.get('code') || null, parameters.get('error') || null];
  if (code === null && error === null) return null;
  return {
    code,
    error,
    state: parameters.get('state') ?? '',
    reply: outcome => show(PAGES[outcome], response),
  };
}

function show({ status, title, text }: (typeof PAGES)[Outcome], response: ServerResponse): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    // The address contains the code, which must be neither sent on nor kept.
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(`<!doctype html><title>${title}</title><h1>${title}</h1><p>${text}</p>`);
}
