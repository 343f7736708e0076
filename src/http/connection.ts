/**
 * One connection for exchanges whose bytes matter: files from Drive, parts to S3. What Node's own client does for every
 * 64 KiB (a buffer of its own, several streams and events) costs more CPU, and more memory until it is collected, than
 * moving the bytes; here the system writes them to the memory that they are sent from (`onread` of net.Socket).
 * It speaks as much of HTTP/1.1 (RFC 9112) as that needs: one exchange at a time, no pipelining, no upgrade.
 *
 * The socket asks for memory right after each arrival, for the next one. A reader's memory must therefore never be given
 * back while the socket still has it: a read resolves only within an arrival (the socket then takes the scratch) or at the
 * peer's end, and rejects only once the socket is closed. TLS hands out in one go all that it has decrypted, also after the
 * socket was told to stop or was destroyed: arrivals that nobody waits for are lined up in the scratch.
 */
import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { ChunkedBody } from './chunked.ts';
import { checkBeginning, GarbledAnswer, type Head, headOf } from './head.ts';

export interface Origin {
  protocol: string;
  hostname: string;
  /** Absent for the protocol's own. */
  port?: number;
}

export interface Patience {
  connectMs: number;
  /** The longest time in which nothing moves, though it should. */
  stallMs: number;
}

const READ_BYTES = 64 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;

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
  /** What comes before it is known where it belongs; from `#unreadFrom` to `#unreadTo` it has not been taken yet. */
  #scratch = Buffer.allocUnsafeSlow(2 * READ_BYTES);
  #unreadFrom = 0;
  #unreadTo = 0;
  #readsToScratch = true;

  #state: 'idle' | 'head' | 'body' | 'dead' = 'idle';
  #isConnected = false;
  #isClosed = false;
  #headText = '';
  #answered: { resolve: (head: Head) => void; reject: (error: unknown) => void } | null = null;
  #head: Head | null = null;
  #left = 0;
  #chunks: ChunkedBody | null = null;
  #reading: Reading | null = null;
  /** Why it is dead; null if its end was the body's. */
  #failure: unknown = null;
  #isOver = false;
  /** Whether the present request has gone out, at least in part. */
  hasAsked = false;
  /** Whether a byte of the present answer has come. */
  hasAnswered = false;
  /** The exchange is over, and the connection free for another. */
  onIdle: (head: Head) => void = () => {};
  onDead: () => void = () => {};

  constructor({ protocol, hostname, port }: Origin, patience: Patience) {
    this.#patience = patience;
    const onread: OnReadOpts = {
      buffer: () => this.#memory(),
      callback: count => this.#arrived(count),
    };
    // An IPv6 address stands in brackets in a URL only.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    // RFC 6066 has no addresses as server names.
    const servername = isIP(host) ? '' : host;
    this.#socket =
      protocol === 'https:'
        ? (connectSecure({ host, port: port ?? 443, servername, onread } as object) as Socket)
        : connectPlain({ host, port: port ?? 80, onread });
    this.#socket.setNoDelay(true);
    this.#socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      this.#isConnected = true;
      this.#socket.setTimeout(patience.stallMs);
    });
    this.#socket.on('timeout', () => this.#silent());
    this.#socket.on('error', error => this.#fail(error));
    this.#socket.on('end', () => this.#peerEnded());
    this.#socket.on('close', () => {
      this.#isClosed = true;
      this.#fail(hungUp());
    });
  }

  get isUsable(): boolean {
    return this.#state === 'idle' && !this.#socket.destroyed;
  }

  /** Sends a request; gives the answer's head. Rejects with what broke the connection, or {@link GarbledAnswer}. */
  send(head: string, body?: Buffer): Promise<Head> {
    this.#state = 'head';
    this.#headText = '';
    this.#head = null;
    this.#isOver = false;
    this.hasAnswered = false;
    this.#socket.ref();
    this.#socket.setTimeout(this.#isConnected ? this.#patience.stallMs : this.#patience.connectMs);
    const answer = new Promise<Head>((resolve, reject) => {
      this.#answered = { resolve, reject };
    });
    // What has come to a kept connection by now (its end, or bytes too many) must be seen as from before the request.
    if (this.#isConnected) setImmediate(() => this.#write(head, body));
    else this.#write(head, body);
    return answer;
  }

  /**
   * Fills the memory with bytes of the body: fewer than its length only at the end, 0 after it. Nothing else may touch
   * it until then, and no other read may begin. Rejects with what broke the connection.
   */
  read(into: Buffer, onBytes: (count: number) => void = () => {}): Promise<number> {
    if (this.#isOver || into.length === 0) return Promise.resolve(0);
    if (this.#reading) return Promise.reject(new TypeError('the body is being read already'));
    return new Promise((resolve, reject) => {
      this.#reading = { into, at: 0, onBytes, resolve, reject };
      this.#advance();
      if (!this.#reading) return;
      if (this.#state === 'dead') {
        if (this.#failure) this.#refuse();
        else this.#end();
        return;
      }
      // The reader may have been away for long.
      this.#socket.setTimeout(this.#patience.stallMs);
      this.#socket.resume();
    });
  }

  /** Ends the connection, and with `error` whatever waits for it. */
  destroy(error: unknown = hungUp()): void {
    this.#unreadFrom = this.#unreadTo;
    this.#failure ??= error;
    this.#fail(error);
  }

  /** What has come by then can still be read; `error` null if it is the whole body. */
  #fail(error: unknown): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#failure = error;
    this.#socket.destroy();
    this.#answered?.reject(error);
    this.#answered = null;
    this.#refuse();
    this.onDead();
  }

  #refuse(): void {
    const reading = this.#reading;
    this.#reading = null;
    if (!reading) return;
    // While the socket has the reader's memory, it is not the reader's to use.
    if (this.#readsToScratch || this.#isClosed) reading.reject(this.#failure);
    else this.#socket.once('close', () => reading.reject(this.#failure));
  }

  #write(head: string, body?: Buffer): void {
    if (this.#state !== 'head') return;
    this.hasAsked = true;
    // In one packet where that costs nothing: TLS would copy a whole part to join the two.
    const together = !('encrypted' in this.#socket);
    if (together) this.#socket.cork();
    this.#socket.write(head, 'latin1');
    if (body && body.length > 0) this.#socket.write(body);
    if (together) this.#socket.uncork();
  }

  /** The memory for what comes next: the reader's own as far as all of it is sure to belong there. Never empty. */
  #memory(): Buffer {
    const reading = this.#reading;
    this.#readsToScratch = !(reading && this.#state === 'body' && !this.#chunks && this.#unread === 0);
    if (!this.#readsToScratch)
      return reading!.into.subarray(reading!.at, Math.min(reading!.into.length, reading!.at + this.#left));
    if (this.#unread === 0) {
      this.#unreadFrom = 0;
      this.#unreadTo = 0;
    } else if (this.#unreadTo === this.#scratch.length) {
      const longer = Buffer.allocUnsafeSlow(2 * this.#scratch.length);
      this.#unreadTo = this.#scratch.copy(longer, 0, this.#unreadFrom);
      this.#unreadFrom = 0;
      this.#scratch = longer;
    }
    return this.#scratch.subarray(this.#unreadTo, this.#unreadTo + READ_BYTES);
  }

  get #unread(): number {
    return this.#unreadTo - this.#unreadFrom;
  }

  /** So many bytes have come to the memory; false stops the reading until somebody wants more. */
  #arrived(count: number): boolean {
    this.hasAnswered = true;
    if (this.#readsToScratch) this.#unreadTo += count;
    this.#advance(this.#readsToScratch ? 0 : count);
    return this.#state !== 'body' || this.#reading !== null;
  }

  /** `direct` bytes have come to the reader's memory. */
  #advance(direct = 0): void {
    try {
      if (direct > 0) this.#took(direct);
      if (!this.hasAsked && this.#unread > 0) throw new GarbledAnswer('an answer that nobody asked for');
      while (this.#state === 'head' && this.#unread > 0) this.#readHead();
      if (this.#reading && this.#unread > 0) this.#copy(this.#reading);
    } catch (error) {
      this.destroy(error);
    }
  }

  #readHead(): void {
    const before = this.#headText.length;
    this.#headText += this.#scratch.toString('latin1', this.#unreadFrom, this.#unreadTo);
    const end = this.#headText.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0) {
      checkBeginning(this.#headText);
      if (this.#headText.length > MAX_HEAD_BYTES)
        throw new GarbledAnswer('the head of the answer has no end');
      this.#unreadFrom = this.#unreadTo;
      return;
    }
    const head = headOf(this.#headText.slice(0, end));
    this.#unreadFrom += end + 4 - before;
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
    const { into, at } = reading;
    if (this.#chunks) {
      const unread = this.#scratch.subarray(this.#unreadFrom, this.#unreadTo);
      const { read, written } = this.#chunks.decode(unread, into.subarray(at));
      this.#unreadFrom += read;
      if (written > 0) this.#took(written);
      if (this.#chunks?.isOver) this.#end();
      return;
    }
    const count = Math.min(into.length - at, this.#unread, this.#left);
    this.#scratch.copy(into, at, this.#unreadFrom, this.#unreadFrom + count);
    this.#unreadFrom += count;
    this.#took(count);
  }

  #took(count: number): void {
    const reading = this.#reading!;
    reading.at += count;
    this.#left -= count;
    reading.onBytes(count);
    // Whoever was told may have ended it.
    if (this.#reading !== reading) return;
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
    if (this.#state === 'dead') return;
    const isWhole = this.#unread === 0 && this.#socket.writableLength === 0;
    if (!this.#head!.keepsAlive || !isWhole) {
      this.destroy();
      return;
    }
    this.#chunks = null;
    this.#state = 'idle';
    this.hasAsked = false;
    this.#socket.setTimeout(0);
    // An idle connection must not keep the process.
    this.#socket.unref();
    this.#socket.resume();
    this.onIdle(this.#head!);
  }

  #peerEnded(): void {
    const isEndOfBody = this.#state === 'body' && this.#head!.framing.kind === 'close';
    if (isEndOfBody && this.#reading) this.#end();
    this.#fail(isEndOfBody ? null : (this.#socket.errored ?? hungUp()));
  }

  /** Nothing has moved for a while: somebody's fault, unless it is us who do not read. */
  #silent(): void {
    if (this.#state === 'body' && !this.#reading) this.#socket.setTimeout(this.#patience.stallMs);
    else if (!this.#isConnected) this.destroy(coded('ETIMEDOUT', 'the connection was not made in time'));
    else this.destroy(coded('STALLED', `no bytes came for ${this.#patience.stallMs / 1000} s`));
  }
}

function hungUp(): Error {
  return coded('ECONNRESET', 'the connection was closed');
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
