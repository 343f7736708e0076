/**
 * Google's address on this computer, for programs that accept no other: a proxy (CONNECT) that treats every host as the local
 * Drive, and terminates TLS with a self-signed certificate. It is a separate process, started with `fork`, so that its CPU time
 * is not counted. The same port also accepts TLS without CONNECT.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface TlsFrontOrder {
  drivePort: number;
  /** PEM. */
  key: string;
  certificate: string;
}

export interface TlsFrontReady {
  proxyPort: number;
  tlsPort: number;
}

function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
}

const toPort = (port: number) => connect({ port, host: '127.0.0.1', noDelay: true });
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

async function open({ drivePort, key, certificate }: TlsFrontOrder): Promise<TlsFrontReady> {
  const tls = createTlsServer({ key, cert: certificate, noDelay: true }, socket =>
    join(socket, toPort(drivePort)),
  );
  tls.on('tlsClientError', () => {});
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const proxy = createHttpServer();
  proxy.on('connect', (_request, client: Socket) => {
    const front = toPort(portOf(tls));
    front.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(client, front);
    });
    front.once('error', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { proxyPort: portOf(proxy), tlsPort: portOf(tls) };
}

process.once('message', async (order: TlsFrontOrder) => process.send!(await open(order)));
process.once('disconnect', () => process.exit(0));
