/**
 * A simulated network between the command and the local cloud, in a separate process (started with `fork`). It delays each
 * connection by half of the service's round-trip time in each direction. All connections share one full-duplex bandwidth: the
 * same number of bytes per second in each direction.
 *
 * Connections take turns, a small piece each, as in a router with fair queueing, so that a request does not wait behind
 * another upload. There is no loss, no slow start and no TLS; a connection has at most one window of bytes in flight.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface NetworkOrder {
  /** In each direction, all connections together. */
  bytesPerSecond: number;
  routes: { port: number; roundTripMs: number }[];
}

/** The ports in front of the requested ones, in the same order. */
export type NetworkReady = number[];

const PIECE_BYTES = 16 * 1024;
/** Bytes in flight of one connection in one direction: a large receive window. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** How much of the time that a late timer has missed is caught up. */
const BURST_MS = 50;

interface Queue {
  pieces: Buffer[];
  deliver(piece: Buffer): void;
}

/** One direction: sends pieces of all queues in turn, at the rate. */
class Line {
  readonly #bytesPerMs: number;
  readonly #ready: Queue[] = [];
  #freeAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  add(queue: Queue, chunk: Buffer): void {
    if (queue.pieces.length === 0) this.#ready.push(queue);
    for (let at = 0; at < chunk.length; at += PIECE_BYTES)
      queue.pieces.push(chunk.subarray(at, at + PIECE_BYTES));
    if (!this.#timer) this.#serve();
  }

  #serve(): void {
    this.#timer = null;
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now - BURST_MS);
    while (this.#freeAt <= now) {
      const queue = this.#ready.shift();
      if (!queue) return;
      const piece = queue.pieces.shift()!;
      if (queue.pieces.length > 0) this.#ready.push(queue);
      this.#freeAt += piece.length / this.#bytesPerMs;
      queue.deliver(piece);
    }
    this.#timer = setTimeout(() => this.#serve(), this.#freeAt - now);
  }
}

/** Passes the bytes of one socket on to the other, each piece `delayMs` after its turn. */
function carry(from: Socket, to: Socket, line: Line, delayMs: number): void {
  const late: { at: number; piece: Buffer }[] = [];
  let onTheWay = 0;
  let ended = false;

  const arrive = () => {
    const now = performance.now();
    while (late.length > 0 && late[0]!.at <= now) {
      const { piece } = late.shift()!;
      to.write(piece, () => {
        onTheWay -= piece.length;
        if (onTheWay < WINDOW_BYTES) from.resume();
        if (ended && onTheWay === 0) to.end();
      });
    }
    if (late.length > 0) setTimeout(arrive, late[0]!.at - now);
  };
  const queue: Queue = {
    pieces: [],
    deliver: piece => {
      const waiting = late.push({ at: performance.now() + delayMs, piece });
      if (waiting === 1) setTimeout(arrive, delayMs);
    },
  };
  from.on('data', (chunk: Buffer) => {
    onTheWay += chunk.length;
    if (onTheWay >= WINDOW_BYTES) from.pause();
    line.add(queue, chunk);
  });
  from.on('end', () => {
    ended = true;
    if (onTheWay === 0) to.end();
  });
  from.on('error', () => to.destroy());
  from.on('close', () => {
    ended = true;
    if (onTheWay === 0) to.destroy();
  });
}

async function open(order: NetworkOrder): Promise<NetworkReady> {
  const down = new Line(order.bytesPerSecond);
  const up = new Line(order.bytesPerSecond);
  const ports = order.routes.map(async ({ port, roundTripMs }) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
      const service = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      carry(client, service, up, roundTripMs / 2);
      carry(service, client, down, roundTripMs / 2);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  });
  return Promise.all(ports);
}

process.once('message', async (order: NetworkOrder) => process.send!(await open(order)));
process.once('disconnect', () => process.exit(0));
