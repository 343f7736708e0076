/** Connections to one origin, kept for further exchanges: one TLS handshake a worker, not one a file. */
import { Connection, type Origin, type Patience } from './connection.ts';
import type { Head } from './head.ts';
import { type Request, requestHead } from './request.ts';

export interface Answer extends Omit<Head, 'framing' | 'keepsAlive'> {
  /** See {@link Connection.read}. */
  read(into: Buffer, onBytes?: (count: number) => void): Promise<number>;
  /** The whole body, if it is no longer than `maxBytes`; the beginning of a longer one. */
  text(maxBytes: number): Promise<string>;
  /** Gives up what has not been read. */
  close(): void;
}

/** A service may close a connection that is idle for longer; what it says itself in `keep-alive` goes first. */
const IDLE_MS = 30_000;
/** On its way to us its closing takes some time. */
const IDLE_MARGIN_MS = 1_000;

export class Connections {
  readonly #origin: Origin;
  readonly #patience: Patience;
  readonly #all = new Set<Connection>();
  readonly #idle: { connection: Connection; untilMs: number }[] = [];
  #isClosed = false;

  constructor(origin: Origin, patience: Patience) {
    this.#origin = origin;
    this.#patience = patience;
  }

  /**
   * Sends a request; the answer's body is the caller's to read or close. Rejects with the signal's reason, with what broke
   * the connection, with GarbledAnswer, or with TypeError for what no request may say. A connection that went away while it
   * was idle is replaced once.
   */
  async exchange(request: Request, signal?: AbortSignal): Promise<Answer> {
    signal?.throwIfAborted();
    const head = requestHead({ ...request, headers: { host: this.#host, ...request.headers } });
    const exchangeOn = (connection: Connection) => this.#exchangeOn(connection, head, request.body, signal);
    const kept = this.#takeIdle();
    if (!kept) return exchangeOn(this.#open());
    try {
      return await exchangeOn(kept);
    } catch (error) {
      const wentAway = !kept.hasAnswered && GONE.has((error as NodeJS.ErrnoException).code ?? '');
      const mayRepeat = !kept.hasAsked || (wentAway && request.method === 'GET');
      if (!mayRepeat || signal?.aborted || this.#isClosed) throw error;
      return exchangeOn(this.#open());
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#all) connection.destroy();
  }

  async #exchangeOn(
    connection: Connection,
    head: string,
    body: Buffer | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    let isOver = false;
    const abort = () => connection.destroy(signal!.reason);
    signal?.addEventListener('abort', abort, { once: true });
    connection.onDead = () => {
      this.#all.delete(connection);
      signal?.removeEventListener('abort', abort);
    };
    connection.onIdle = ({ headers }) => {
      isOver = true;
      signal?.removeEventListener('abort', abort);
      this.#idle.push({ connection, untilMs: performance.now() + idleMsOf(headers['keep-alive']) });
    };
    const { status, headers } = await connection.send(head, body);
    const read: Answer['read'] = async (into, onBytes) => (isOver ? 0 : connection.read(into, onBytes));
    return {
      status,
      headers,
      read,
      text: async maxBytes => {
        if (isOver) return '';
        const memory = Buffer.allocUnsafe(maxBytes);
        return memory.toString('utf8', 0, await read(memory));
      },
      close: () => {
        if (!isOver) connection.destroy();
      },
    };
  }

  #takeIdle(): Connection | null {
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      if (kept.connection.isUsable && performance.now() < kept.untilMs - IDLE_MARGIN_MS)
        return kept.connection;
      kept.connection.destroy();
    }
    return null;
  }

  #open(): Connection {
    const connection = new Connection(this.#origin, this.#patience);
    this.#all.add(connection);
    return connection;
  }

  get #host(): string {
    const { hostname, port } = this.#origin;
    return port ? `${hostname}:${port}` : hostname;
  }
}

function idleMsOf(keepAlive = ''): number {
  const [, seconds] = /\btimeout=(\d+)/.exec(keepAlive) ?? [];
  return seconds ? Number(seconds) * 1000 : IDLE_MS;
}

/** How a connection fails that the other side has closed. */
const GONE = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);
