import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Home, mediaOf, Sandbox } from './sandbox.ts';

/** The services listen on 127.0.0.1. By this address they are reached through the proxy and in no other way. */
const BEHIND_PROXY = '127.0.0.2';
const PASSWORD = 'user:pass%3Aword';
const CREDENTIALS = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;

/** Forwards requests and tunnels of who has the password; `ports` are those that it was asked for. */
class TestProxy {
  readonly ports = new Set<number>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((incoming, response) => {
    const url = new URL(incoming.url!, 'http://direct');
    if (!this.#admits(incoming.headers, url)) return void response.writeHead(407).end();
    const { method, headers } = incoming;
    const { host: _, ...kept } = headers;
    const forwarded = request(
      {
        host: '127.0.0.1',
        port: url.port,
        path: url.pathname + url.search,
        method,
        headers: { ...kept, host: url.host },
      },
      answer => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  });

  static async start(): Promise<TestProxy> {
    const proxy = new TestProxy();
    proxy.#server.on('connection', socket => proxy.#keep(socket));
    proxy.#server.on('connect', (incoming, socket: Socket) => {
      socket.on('error', () => {});
      if (!proxy.#admits(incoming.headers, new URL(`http://${incoming.url}`)))
        return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const tunnel = connect(Number(incoming.url!.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        socket.pipe(tunnel).pipe(socket);
      });
      proxy.#keep(tunnel);
      tunnel.on('error', () => socket.destroy());
    });
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #admits(headers: { 'proxy-authorization'?: string }, { hostname, port }: URL): boolean {
    if (headers['proxy-authorization'] !== CREDENTIALS || hostname !== BEHIND_PROXY) return false;
    this.ports.add(Number(port));
    return true;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

function moveBehindProxy(home: Home): void {
  const moved = (text: string) => text.replaceAll('127.0.0.1', BEHIND_PROXY);
  for (const name of readdirSync(home.path).filter(file => file.endsWith('.json'))) {
    const path = join(home.path, name);
    writeFileSync(path, moved(readFileSync(path, 'utf8')));
  }
  for (const [name, value] of Object.entries(home.env))
    if (name.startsWith('AWS_ENDPOINT')) home.env[name] = moved(value);
}

describe('behind a proxy', () => {
  const sandbox = Sandbox.forEach();
  let proxy: TestProxy;
  beforeEach(async () => {
    proxy = await TestProxy.start();
  });
  afterEach(() => proxy.stop());

  it('every service is reached through it: a whole migration, verify and doctor', async () => {
    const { cloud } = sandbox;
    const large = Buffer.alloc(11 * 1024 * 1024, 'a');
    const folderId = sandbox.seed({ '1.jpg': 'one', '2.mp4': large }, [1, 2]);
    const home = await sandbox.home({
      folderId,
      migration: { chunk_size_mb: 5, multipart_threshold_mb: 10 },
    });
    moveBehindProxy(home);
    const env = { HTTPS_PROXY: `http://${PASSWORD}@${proxy.address}`, no_proxy: '' };

    const migrated = await home.exits(0, ['migrate'], { env });
    expect(mediaOf(cloud)).to.have.length(2);
    await home.exits(0, ['verify', '--deep'], { env });
    const doctor = await home.exits(0, ['doctor'], { env });
    expect(doctor.stdout).to.match(
      new RegExp(`^ok +Proxy +http://…@${proxy.address} for all addresses$`, 'm'),
    );

    const services = [cloud.drive, cloud.userPool, cloud.identityPool, cloud.s3, cloud.appSync];
    expect([...proxy.ports]).to.have.members(
      services.map(({ service }) => Number(new URL(service.url).port)),
    );
    for (const { stdout, stderr } of [migrated, doctor]) expect(stdout + stderr).not.to.contain('pass');
  });

  it('nothing is reached without it, and a wrong password is named as such', async () => {
    const folderId = sandbox.seed({ '1.jpg': 'one' }, [1]);
    const home = await sandbox.home({ folderId, migration: { retry_attempts: 0 } });
    moveBehindProxy(home);
    const refused = await home.exits(1, ['scan'], {
      env: { HTTPS_PROXY: `http://${proxy.address}`, no_proxy: '' },
    });
    expect(refused.stderr).to.contain('HTTP 407').and.contain('HTTPS_PROXY');
    const env = { HTTPS_PROXY: `http://${PASSWORD}@${proxy.address}`, no_proxy: BEHIND_PROXY };
    await home.exits(1, ['scan'], { env });
    expect(proxy.ports).to.be.empty;
  });

  it('a proxy that none of the clients can use is named before anything is sent', async () => {
    const home = await sandbox.home({ folderId: sandbox.seed({}) });
    const { stderr } = await home.exits(1, ['scan'], {
      env: { HTTPS_PROXY: 'socks5://u:secret@127.0.0.1:9' },
    });
    expect(stderr).to.contain('HTTPS_PROXY is socks5://…@127.0.0.1:9').and.not.contain('secret');
    const doctor = await home.migrator(['doctor'], { env: { HTTPS_PROXY: 'socks5://u:secret@127.0.0.1:9' } });
    expect(doctor.stdout)
      .to.match(/^FAILED +Proxy +HTTPS_PROXY is/m)
      .and.not.contain('secret');
  });
});
