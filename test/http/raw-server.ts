/** A server that answers with whatever bytes a test likes, HTTP or not. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { Connections } from '../../src/http/connections.ts';
import { CERTIFICATE, KEY } from './localhost-certificate.ts';

export class RawServer {
  readonly port: number;
  readonly connections: Connections;
  /** One for each connection that was made. */
  readonly sockets: Socket[] = [];
  readonly #server: Server;

  private constructor(server: Server, { secure = false, stallMs = 10_000, connectMs = 10_000 }) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.connections = new Connections(
      {
        protocol: secure ? 'https:' : 'http:',
        hostname: secure ? 'localhost' : '127.0.0.1',
        port: this.port,
      },
      { connectMs, stallMs },
    );
  }

  /** `talk` is called for each connection with its number, from 0. */
  static async start(
    talk: (socket: Socket, number: number) => void,
    options: { secure?: boolean; stallMs?: number; connectMs?: number; host?: string } = {},
  ): Promise<RawServer> {
    let number = 0;
    const welcome = (socket: Socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      started.sockets.push(socket);
      talk(socket, number++);
    };
    const server = options.secure
      ? createSecureServer({ key: KEY, cert: CERTIFICATE }, welcome)
      : createServer(welcome);
    server.listen(0, options.host ?? (options.secure ? 'localhost' : '127.0.0.1'));
    await once(server, 'listening');
    const started = new RawServer(server, options);
    return started;
  }

  /** Ends everything, also what is still talking. */
  stop(): void {
    this.connections.close();
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

/** Calls back with the head of each request that comes; bodies belong to the next. */
export function onRequest(socket: Socket, answer: (head: string) => void): void {
  let text = '';
  socket.on('data', bytes => {
    text += bytes.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      answer(head);
    }
  });
}

/** Every answer is the same. */
export const saying = (answer: string | Buffer) => (socket: Socket) =>
  onRequest(socket, () => socket.write(answer, 'latin1'));

export const closing = (answer: string | Buffer) => (socket: Socket) =>
  onRequest(socket, () => socket.end(answer, 'latin1'));
