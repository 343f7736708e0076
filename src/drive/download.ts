/** Downloads: the answer to a GET, its redirects followed. */
import type { Patience } from '../http/connection.ts';
import { type Answer, Connections } from '../http/connections.ts';
import { DriveRefusal } from './errors.ts';
import { redirectTarget } from './redirect.ts';

/** Error bodies are small; whatever is longer is not Google's. */
const MAX_ERROR_BODY = 64 * 1024;
const MAX_REDIRECTS = 5;

export class Downloads {
  readonly #patience: Patience;
  readonly #origins = new Map<string, Connections>();

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** Opens the answer to a GET. Throws DriveRefusal for one that is not 2xx, and network errors as they are. */
  async open(address: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
    let url = new URL(address);
    for (let redirects = 0; ; redirects += 1) {
      const path = `${url.pathname}${url.search}`;
      const answer = await this.#connectionsTo(url).exchange({ method: 'GET', path, headers }, signal);
      const { status } = answer;
      if (status >= 200 && status < 300) return answer;
      const { location } = answer.headers;
      if (status < 300 || status >= 400 || !location || redirects === MAX_REDIRECTS)
        throw await refusal(answer);
      answer.close();
      const target = redirectTarget(url, location);
      // The token is for Google alone; a redirect to somebody else's host must not carry it there.
      if (target.origin !== url.origin) headers = withoutToken(headers);
      url = target;
    }
  }

  close(): void {
    for (const connections of this.#origins.values()) connections.close();
  }

  #connectionsTo({ origin, protocol, hostname, port }: URL): Connections {
    const known = this.#origins.get(origin);
    if (known) return known;
    const place = { protocol, hostname, ...(port && { port: Number(port) }) };
    const connections = new Connections(place, this.#patience);
    this.#origins.set(origin, connections);
    return connections;
  }
}

async function refusal(answer: Answer): Promise<DriveRefusal> {
  const body = await answer.text(MAX_ERROR_BODY);
  answer.close();
  return new DriveRefusal(answer.status, body, answer.headers['retry-after'] ?? null);
}

function withoutToken(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  );
}
