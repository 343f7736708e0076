/** Where Google sends the browser back to at the end of a sign-in. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Browsers keep connections open; the page has been written by then. */
const LAST_PAGE_MS = 500;

export interface Redirect {
  code: string | null;
  /** OAuth's name of the error (`access_denied`); null if there is none. */
  error: string | null;
  isOurs: boolean;
}

export type RedirectServer = Awaited<ReturnType<typeof redirectServer>>;

/** Listens on 127.0.0.1 and a free port. `redirect` is the first one with our state; any program can send others. */
export async function redirectServer(state: string) {
  const server = createServer();
  const redirectIn = (parameters: URLSearchParams): Redirect | null => {
    const [code, error] = [parameters.get('code') || null, parameters.get('error') || null];
    return code || error ? { code, error, isOurs: isSame(parameters.get('state') ?? '', state) } : null;
  };
  const redirect = new Promise<Redirect>(resolve => {
    server.on('request', ({ method, url = '' }, response) => {
      const isPath = method === 'GET' && url.startsWith('/?');
      const found = isPath ? redirectIn(new URLSearchParams(url.slice(2))) : null;
      if (!found) response.writeHead(404).end();
      else if (!found.isOurs) show(response, 400, FOREIGN);
      else show(response, 200, found.error === null ? SIGNED_IN : DENIED);
      if (found?.isOurs) resolve(found);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    redirect,
    redirectIn,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), LAST_PAGE_MS).unref();
      await closed;
    },
  };
}

const SIGNED_IN = ['Signed in', 'You can close this window and go back to the terminal.'] as const;
const DENIED = ['Not signed in', 'The terminal says what to do.'] as const;
const FOREIGN = [
  'Not for this sign-in',
  'This address belongs to another sign-in. Use the address that the terminal shows.',
] as const;

function show(response: ServerResponse, status: number, [title, text]: readonly [string, string]): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    // The address contains the code, which must be neither sent on nor kept.
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(`<!doctype html><title>${title}</title><h1>${title}</h1><p>${text}</p>`);
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map(text => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}
