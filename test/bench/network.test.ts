import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { ask, startBeside } from '../../bench/ask-process.ts';
import type { NetworkOrder, NetworkReady } from '../../bench/network.ts';

const MIB = 1024 * 1024;
/** Timers may be early by the resolution of the clock. */
const EARLY_MS = 2;

describe('The line that the benchmark shapes', () => {
  const lines: ReturnType<typeof startBeside>[] = [];
  let echo: Server;

  before(async () => {
    echo = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
  });

  after(() => {
    for (const line of lines) line.kill();
    echo.close();
  });

  async function connected(mibPerSecond: number, roundTripMs: number, count: number): Promise<Socket[]> {
    const line = startBeside('network');
    lines.push(line);
    const { port } = echo.address() as AddressInfo;
    const order: NetworkOrder = { bytesPerSecond: mibPerSecond * MIB, routes: [{ port, roundTripMs }] };
    const [front] = await ask<NetworkReady>(line, order);
    const sockets = Array.from({ length: count }, () => connect({ port: front!, host: '127.0.0.1' }));
    await Promise.all(sockets.map(socket => once(socket, 'connect')));
    return sockets;
  }

  /** Sends the bytes and resolves with what comes back, when the other side has ended. */
  async function echoed(socket: Socket, bytes: Buffer): Promise<Buffer> {
    socket.end(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it('lets a byte back no sooner than a round trip after it was sent', async () => {
    const [socket] = await connected(100, 80, 1);
    const started = performance.now();
    await echoed(socket!, Buffer.from('x'));
    expect(performance.now() - started).to.be.at.least(80 - EARLY_MS);
  });

  it('shares its bandwidth among all connections, and carries every byte in order', async () => {
    const sockets = await connected(8, 0, 4);
    const bytes = Buffer.from(Array.from({ length: MIB }, (_, index) => (index * 7 + (index >> 8)) % 251));
    const started = performance.now();
    const back = await Promise.all(sockets.map(socket => echoed(socket, bytes)));
    for (const each of back) expect(each.equals(bytes)).to.equal(true);
    // 4 MiB at 8 MiB/s, less the burst that a line at rest has to give.
    expect(performance.now() - started).to.be.at.least(400);
  });
});
