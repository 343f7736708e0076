/**
 * One connection for exchanges whose bytes matter: files from Drive, parts to S3. What Node's own client does for every
 * 64 KiB (a buffer of its own, several streams and events) costs more CPU, and more memory until it is collected, than
 * moving the bytes; here the system writes them to the memory that they are sent from (`onread` of net.Socket).
 * It speaks as much of HTTP/1.1 (RFC 9112) as that needs: one exchange at a time, no pipelining, no upgrade.
 */
import { connect as connectPlain, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { ChunkedBody } from './chunked.ts';
import { GarbledAnswer, type Head, headOf } from './head.ts';

export interface Origin {
  protocol: string;
  hostname: string;
  /** Absent for the protocol's own. */
  port?: number;
}

export interface Request {
  method: 'GET' | 'PUT';
  /** With query, encoded. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

export interface Patience {
  connectMs: number;
  /** The longest time in which nothing moves, though it should. */
  stallMs: number;
}

const SCRATCH_BYTES = 64 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** Where body bytes are wanted. */
interface Reading {
  into: Buffer;
  at: number;
  /** Told of bytes as they come. */
  onBytes: (count: number) => void;
  resolve: (count: number) => void;
  reject: (error: unknown) => void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #patience: Patience;
  /** What comes before it is known where it belongs. */
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** What has come to the scratch and has not been taken yet; nothing more is read until it has been. */
  #unread: Buffer = NOTHING;
  #readsToScratch = true;

  #state: 'idle' | 'head' | 'body' | 'dead' = 'idle';
  #headText = '';
  #answered: { resolve: (head: Head) => void; reject: (error: unknown) => void } | null = null;
  #head: Head | null = null;
  #left = 0;
  #chunks: ChunkedBody | null = null;
  #reading: Reading | null = null;
  #failure: unknown = null;
  #isOver = false;
  /** Whether a byte of the present answer has come. */
  hasAnswered = false;
  /** The exchange is over, and the connection free for another. */
  onIdle: () => void = () => {};
  onDead: () => void = () => {};

  constructor({ protocol, hostname, port }: Origin, patience: Patience) {
    this.#patience = patience;
    const onread: OnReadOpts = {
      buffer: () => this.#memory(),
      callback: count => this.#arrived(count),
    };
    // An IPv6 address stands in brackets in a URL only.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.#socket =
      protocol === 'https:'
        ? (connectSecure({ host, port: port ?? 443, servername: host, onread } as object) as Socket)
        : connectPlain({ host, port: port ?? 80, onread });
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(patience.connectMs);
    this.#socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () =>
      this.#socket.setTimeout(patience.stallMs),
    );
    this.#socket.on('timeout', () => this.#silent());
    this.#socket.on('error', error => this.destroy(error));
    this.#socket.on('end', () => this.#peerEnded());
    this.#socket.on('close', () => this.destroy(hungUp()));
  }

  get isUsable(): boolean {
    return this.#state === 'idle' && !this.#socket.destroyed;
  }

  /** Sends a request; gives the answer's head. Rejects with what broke the connection, or {@link GarbledAnswer}. */
  send({ method, path, headers, body }: Request): Promise<Head> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    if ([path, ...lines].some(line => /[\r\n\0]|[^\0-\xff]/.test(line))) {
      throw new TypeError('a header or path has characters that no request may have');
    }
    const text = [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
    this.#state = 'head';
    this.#headText = '';
    this.#head = null;
    this.#isOver = false;
    this.hasAnswered = false;
    this.#socket.ref();
    this.#socket.setTimeout(this.#socket.connecting ? this.#patience.connectMs : this.#patience.stallMs);
    const answer = new Promise<Head>((resolve, reject) => {
      this.#answered = { resolve, reject };
    });
    this.#socket.cork();
    this.#socket.write(text, 'latin1');
    if (body && body.length > 0) this.#socket.write(body);
    this.#socket.uncork();
    return answer;
  }

  /**
   * Fills the memory with bytes of the body: fewer than its length only at the end, 0 after it. Nothing else may touch
   * it until then. Rejects with what broke the connection.
   */
  read(into: Buffer, onBytes: (count: number) => void = () => {}): Promise<number> {
    if (this.#isOver || into.length === 0) return Promise.resolve(0);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#reading = { into, at: 0, onBytes, resolve, reject };
      this.#advance();
      if (this.#reading) this.#socket.resume();
    });
  }

  /** Ends the connection, and with `error` whatever waits for it. */
  destroy(error: unknown = hungUp()): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#failure = error;
    this.#socket.destroy();
    this.#answered?.reject(error);
    this.#answered = null;
    // The memory is its owner's again: nothing is written to a destroyed socket's.
    this.#reading?.reject(error);
    this.#reading = null;
    this.onDead();
  }

  /** The memory for what comes next: the reader's own as far as all of it is sure to belong there. */
  #memory(): Buffer {
    const reading = this.#reading;
    this.#readsToScratch = !(reading && this.#state === 'body' && !this.#chunks && this.#unread.length === 0);
    if (this.#readsToScratch) return this.#scratch;
    return reading!.into.subarray(reading!.at, Math.min(reading!.into.length, reading!.at + this.#left));
  }

  /** So many bytes have come to the memory; false stops the reading until somebody wants more. */
  #arrived(count: number): boolean {
    this.hasAnswered = true;
    if (this.#readsToScratch) {
      this.#unread = this.#scratch.subarray(0, count);
      this.#advance();
    } else this.#took(count);
    return this.#state !== 'body' || this.#reading !== null;
  }

  #advance(): void {
    try {
      if (this.#state === 'idle' && this.#unread.length > 0)
        throw new GarbledAnswer('an answer that nobody asked for');
      while (this.#state === 'head' && this.#unread.length > 0) this.#readHead();
      if (this.#state === 'body' && this.#reading && this.#unread.length > 0) this.#copy(this.#reading);
    } catch (error) {
      this.destroy(error);
    }
  }

  #readHead(): void {
    const before = this.#headText.length;
    this.#headText += this.#unread.toString('latin1');
    const end = this.#headText.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0) {
      if (this.#headText.length > MAX_HEAD_BYTES)
        throw new GarbledAnswer('the head of the answer has no end');
      this.#unread = NOTHING;
      return;
    }
    const head = headOf(this.#headText.slice(0, end));
    this.#unread = this.#unread.subarray(end + 4 - before);
    this.#headText = '';
    // 100 Continue and its like come before the answer.
    if (head.status < 200) return;
    this.#head = head;
    this.#state = 'body';
    this.#chunks = head.framing.kind === 'chunked' ? new ChunkedBody() : null;
    this.#left = head.framing.kind === 'length' ? head.framing.bytes : Number.POSITIVE_INFINITY;
    this.#answered?.resolve(head);
    this.#answered = null;
    if (this.#left === 0) this.#end();
  }

  #copy(reading: Reading): void {
    const into = reading.into.subarray(reading.at);
    if (this.#chunks) {
      const { read, written } = this.#chunks.decode(this.#unread, into);
      this.#unread = this.#unread.subarray(read);
      if (written > 0) this.#took(written);
      if (this.#chunks?.isOver) this.#end();
      return;
    }
    const count = this.#unread.copy(into, 0, 0, Math.min(this.#unread.length, this.#left));
    this.#unread = this.#unread.subarray(count);
    this.#took(count);
  }

  #took(count: number): void {
    const reading = this.#reading!;
    reading.at += count;
    this.#left -= count;
    reading.onBytes(count);
    if (this.#left === 0) this.#end();
    else if (reading.at === reading.into.length) this.#give(reading);
  }

  #give(reading: Reading): void {
    this.#reading = null;
    reading.resolve(reading.at);
  }

  /** The body is complete. */
  #end(): void {
    this.#isOver = true;
    if (this.#reading) this.#give(this.#reading);
    const isWhole = this.#unread.length === 0 && this.#socket.writableLength === 0;
    if (!this.#head!.keepsAlive || !isWhole) {
      this.destroy();
      return;
    }
    this.#chunks = null;
    this.#state = 'idle';
    this.#socket.setTimeout(0);
    // An idle connection must not keep the process.
    this.#socket.unref();
    this.#socket.resume();
    this.onIdle();
  }

  #peerEnded(): void {
    if (this.#state === 'body' && this.#head!.framing.kind === 'close' && this.#unread.length === 0)
      this.#end();
    else this.destroy(hungUp());
  }

  /** Nothing has moved for a while: somebody's fault, unless it is us who do not read. */
  #silent(): void {
    if (this.#state === 'body' && !this.#reading) this.#socket.setTimeout(this.#patience.stallMs);
    else if (this.#socket.connecting) this.destroy(coded('ETIMEDOUT', 'the connection was not made in time'));
    else this.destroy(coded('STALLED', `no bytes came for ${this.#patience.stallMs / 1000} s`));
  }
}

function hungUp(): Error {
  return coded('ECONNRESET', 'the connection was closed');
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
