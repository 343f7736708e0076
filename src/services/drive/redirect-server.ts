/** The loopback address to which Google sends the browser back. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Redirect {
  code: string | null;
  /** As OAuth names it (`access_denied`); null if there is none. */
  error: string | null;
  /** '' if there is none. */
  state: string;
  /** Tells the person in the browser what came of it. */
  reply(outcome: Outcome): void;
}

type Outcome = 'accepted' | 'denied' | 'foreign';

export interface RedirectServer {
  /** `http://127.0.0.1:PORT/` */
  readonly redirectUri: string;
  /** Every request that looks like Google's redirect, as it comes; ends when the server is closed. */
  readonly redirects: AsyncIterable<Redirect>;
  close(): Promise<void>;
}

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

/** Listens on 127.0.0.1 and a free port. */
export async function redirectServer(): Promise<RedirectServer> {
  const waiting: Redirect[] = [];
  let closed = false;
  let wake = () => {};
  const server = createServer((request, response) => {
    const redirect = redirectOf(request, response);
    if (!redirect) {
      response.writeHead(404).end();
      return;
    }
    waiting.push(redirect);
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  async function* redirects(): AsyncGenerator<Redirect> {
    while (!closed) {
      const next = waiting.shift();
      if (next) yield next;
      else
        await new Promise<void>(resolve => {
          wake = resolve;
        });
    }
  }
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    redirects: redirects(),
    close: () =>
      new Promise(resolve => {
        closed = true;
        wake();
        server.close(() => resolve());
        // Browsers hold connections open; the page has been written by now.
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), LAST_PAGE_MS).unref();
      }),
  };
}

const LAST_PAGE_MS = 500;

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
    reply(outcome) {
      const { status, title, text } = PAGES[outcome];
      response.writeHead(status, {
        'content-type': 'text/html; charset=utf-8',
        // The address holds the code: it is not to be sent on, nor kept.
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        connection: 'close',
      });
      response.end(`<!doctype html><title>${title}</title><h1>${title}</h1><p>${text}</p>`);
    },
  };
}
