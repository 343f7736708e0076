import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Connections } from '../../src/http/connections.ts';
import type { Request } from '../../src/http/request.ts';
import { Halt } from '../../stages/stage.ts';
import { closing, onRequest, RawServer, saying } from './raw-server.ts';

const GET: Request = { method: 'GET', path: '/file?alt=media', headers: {} };
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
const put = (body: Buffer): Request => ({
  method: 'PUT',
  path: '/object',
  headers: { 'content-length': String(body.length) },
  body,
});

async function errorOf(doing: Promise<unknown>): Promise<NodeJS.ErrnoException> {
  try {
    await doing;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error('it did not fail');
}

describe('an exchange', () => {
  let server: RawServer;
  const start = async (...parameters: Parameters<typeof RawServer.start>) => {
    server = await RawServer.start(...parameters);
    return server.connections;
  };
  const textOf = async (request = GET, signal?: AbortSignal) =>
    (await server.connections.exchange(request, signal)).text(1000);
  afterEach(() => server.stop());

  describe('of heads', () => {
    it('says what was asked for, to whom', async () => {
      let head = '';
      await start(socket =>
        onRequest(socket, asked => {
          head = asked;
          socket.write(OK);
        }),
      );
      await textOf({ ...GET, headers: { range: 'bytes=1-' } });
      expect(head).to.equal(
        `GET /file?alt=media HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nrange: bytes=1-`,
      );
    });

    it('reaches an IPv6 address, and says it in brackets', async function () {
      let head = '';
      try {
        await start(socket => onRequest(socket, asked => socket.write(OK, () => (head = asked))), {
          host: '::1',
        });
      } catch {
        this.skip();
      }
      const { port } = server;
      const connections = new Connections(
        { protocol: 'http:', hostname: '[::1]', port },
        { connectMs: 1e4, stallMs: 1e4 },
      );
      expect(await (await connections.exchange(GET)).text(10)).to.equal('hello');
      expect(head).to.contain(`host: [::1]:${port}`);
      connections.close();
    });

    it('understands an answer that is split anywhere', async () => {
      const text =
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 5\r\n\r\nhello';
      let at = 0;
      await start(socket =>
        onRequest(socket, async () => {
          socket.write(text.slice(0, at));
          await turn();
          await turn();
          socket.write(text.slice(at));
        }),
      );
      for (; at <= text.length; at += 1) {
        const answer = await server.connections.exchange(GET);
        expect(answer.status).to.equal(200);
        expect(answer.headers).to.include({ 'x-two': '1, 2', 'content-length': '5' });
        expect(await answer.text(100)).to.equal('hello');
      }
      expect(server.sockets).to.have.length(1);
    });

    it('understands an answer that comes byte by byte, with many headers', async () => {
      const headers = Array.from({ length: 50 }, (_, i) => `x-${i}: ${i}\r\n`).join('');
      const text = `HTTP/1.1 200 OK\r\n${headers}content-length: 2\r\n\r\nhi`;
      await start(socket =>
        onRequest(socket, async () => {
          for (const byte of text) {
            socket.write(byte);
            await turn();
          }
        }),
      );
      const answer = await server.connections.exchange(GET);
      expect(answer.headers['x-49']).to.equal('49');
      expect(await answer.text(100)).to.equal('hi');
    });

    for (const status of ['204 No Content', '304 Not Modified'])
      it(`expects no body behind ${status}, and uses the connection again`, async () => {
        await start(saying(`HTTP/1.1 ${status}\r\ncontent-length: 5\r\n\r\n`));
        for (let i = 0; i < 3; i += 1) expect(await textOf()).to.equal('');
        expect(server.sockets).to.have.length(1);
      });

    for (const [what, text] of Object.entries({
      'a greeting of another protocol': '220 mail.example ESMTP\r\n',
      'HTTP/2': 'HTTP/2 200\r\n\r\n',
      'a status of no number': 'HTTP/1.1 OK\r\n\r\n',
      'a head without end': `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`,
      'lines that end with LF alone': 'HTTP/1.1 200 OK\ncontent-length: 5\n\r\n\r\nhello',
      'a length behind a bare CR': 'HTTP/1.1 200 OK\r\nx: y\rcontent-length: 5\r\n\r\nhello',
      'a line without colon': 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n',
      'a folded line': 'HTTP/1.1 200 OK\r\nx: y\r\n z: 1\r\n\r\n',
      'a space before the colon': 'HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\nhello',
      'a negative length': 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello',
      'a hexadecimal length': 'HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\nhello',
      'an empty length': 'HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\nhello',
      'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!',
      'an encoding that nobody asked for': 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
    }))
      it(`fails for ${what}`, async () => {
        await start(saying(text));
        expect((await errorOf(textOf())).name).to.equal('GarbledAnswer');
      });

    for (const [what, request] of Object.entries<Request>({
      'a header that would become two': { ...GET, headers: { authorization: 'x\r\nhost: evil' } },
      'NUL in a header': { ...GET, headers: { x: 'a\0b' } },
      'a header beyond latin1': { ...GET, headers: { x: 'ש' } },
      'a space in the path': { ...GET, path: '/a HTTP/1.1' },
      'a path that is not encoded': { ...GET, path: '/é' },
      'a path of two lines': { ...GET, path: '/a\r\nx: y' },
    }))
      it(`never sends ${what}, and keeps its connection`, async () => {
        await start(saying(OK));
        await textOf();
        expect(await errorOf(server.connections.exchange(request))).to.be.instanceOf(TypeError);
        expect(await textOf()).to.equal('hello');
        expect(server.sockets).to.have.length(1);
      });
  });

  describe('on a kept connection', () => {
    it('uses it again and again', async () => {
      await start(saying(OK));
      for (let i = 0; i < 20; i += 1) expect(await textOf()).to.equal('hello');
      expect(server.sockets).to.have.length(1);
    });

    for (const head of [
      'HTTP/1.0 200 OK\r\n',
      'HTTP/1.1 200 OK\r\nConnection: close\r\n',
      'HTTP/1.1 200 OK\r\nConnection: Close, TE\r\n',
      'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\n',
    ])
      it(`makes a new one after ${JSON.stringify(head)}`, async () => {
        await start(saying(`${head}content-length: 5\r\n\r\nhello`));
        await textOf();
        await textOf();
        expect(server.sockets).to.have.length(2);
      });

    it('lets the process end', async () => {
      await start(saying(OK));
      const client = `
        import { Connections } from '${new URL('../../src/http/connections.js', import.meta.url)}';
        const origin = { protocol: 'http:', hostname: '127.0.0.1', port: ${server.port} };
        const connections = new Connections(origin, { connectMs: 60_000, stallMs: 60_000 });
        const answer = await connections.exchange({ method: 'GET', path: '/', headers: {} });
        process.stdout.write(await answer.text(10));
      `;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', client], {
        timeout: 8_000,
      });
      expect(stdout).to.equal('hello');
    });

    it('heeds how long the server keeps it, also behind an answer without body', async () => {
      await start(saying('HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n'));
      await textOf();
      await textOf();
      expect(server.sockets).to.have.length(2);
    });

    it('never takes bytes behind a body for the next answer', async () => {
      const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
      await start((socket, number) => saying(number === 0 ? OK + forged : OK)(socket));
      expect(await textOf()).to.equal('hello');
      expect(await textOf()).to.equal('hello');
      expect(server.sockets).to.have.length(2);
    });

    it('never takes bytes that were read straight to the reader for more than the body', async () => {
      const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
      const body = 'x'.repeat(300_000);
      const big = `HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n${body}`;
      await start((socket, number) => saying(number === 0 ? big + forged : OK)(socket));
      const answer = await server.connections.exchange(GET);
      const memory = Buffer.alloc(400_000);
      expect(await answer.read(memory)).to.equal(300_000);
      expect(memory.toString('latin1', 0, 300_001)).to.equal(`${body}\0`);
      expect(await textOf()).to.equal('hello');
    });

    it('drops it for bytes that come while it is idle', async () => {
      await start((socket, number) => saying(number === 0 ? OK : OK.replace('hello', 'again'))(socket));
      await textOf();
      const [first] = server.sockets as [Socket];
      first.write(OK);
      await once(first, 'close');
      expect(await textOf()).to.equal('again');
    });

    for (const [request, times] of [
      [GET, 2],
      [put(Buffer.from('body')), 1],
    ] as const)
      it(`that the server ends without an answer: sends ${request.method} ${times === 1 ? 'once' : 'again on a new one'}`, async () => {
        const asked: number[] = [];
        await start((socket, number) => {
          let count = 0;
          onRequest(socket, () => {
            if (count++ === 1) socket.resetAndDestroy();
            else {
              asked.push(number);
              socket.write(OK);
            }
          });
        });
        await textOf();
        if (times === 2) expect(await textOf(request)).to.equal('hello');
        else expect((await errorOf(textOf(request))).code).to.equal('ECONNRESET');
        expect(asked).to.have.length(times);
      });

    it('that was closed before the request went out: sends even PUT on a new one', async () => {
      await start(saying(OK));
      await textOf();
      const [first] = server.sockets as [Socket];
      // From here to the request nothing is read from the network: it is sent on a connection that seems alive.
      await turn();
      first.end();
      await once(first, 'finish');
      expect(await textOf(put(Buffer.alloc(0)))).to.equal('hello');
      expect(server.sockets).to.have.length(2);
    });

    it('fails when the new one breaks as well', async () => {
      await start((socket, number) =>
        onRequest(socket, () => (number === 0 ? socket.end(OK) : socket.destroy())),
      );
      await textOf();
      expect((await errorOf(textOf())).code).to.equal('ECONNRESET');
      expect(server.sockets).to.have.length(2);
    });
  });

  describe('whose request is answered early', () => {
    const body = Buffer.alloc(8 << 20);
    const refusal = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\ndenied';

    for (const [what, end] of Object.entries({
      'closes the connection': (socket: Socket) => socket.destroySoon(),
      'reads no more': () => {},
    }))
      it(`gives the answer of a server that ${what}`, async () => {
        await start((socket, number) => {
          if (number > 0) return saying(OK)(socket);
          socket.once('data', () => {
            socket.pause();
            socket.write(refusal);
            end(socket);
          });
        });
        const answer = await server.connections.exchange(put(body));
        expect(answer.status).to.equal(403);
        expect(await answer.text(100)).to.equal('denied');
        expect(await textOf()).to.equal('hello');
        expect(server.sockets).to.have.length(2);
      });

    it('gives what had come before the connection broke, however late it is read', async () => {
      await start(socket => socket.once('data', () => socket.write(refusal, () => socket.resetAndDestroy())));
      const answer = await server.connections.exchange(put(body));
      for (let i = 0; i < 50; i += 1) await turn();
      expect(await answer.text(100)).to.equal('denied');
    });
  });

  describe('that is given up', () => {
    it('rejects with the reason before it begins', async () => {
      await start(saying(OK));
      expect(await errorOf(textOf(GET, AbortSignal.abort(new Error('enough'))))).to.have.property(
        'message',
        'enough',
      );
      expect(server.sockets).to.have.length(0);
    });

    it('rejects with the reason while it connects', async () => {
      await start(saying(OK));
      const abort = new AbortController();
      const failure = errorOf(textOf(GET, abort.signal));
      abort.abort(new Error('enough'));
      expect((await failure).message).to.equal('enough');
    });

    for (const [phase, before] of Object.entries({ head: 'HTTP/1.1 2', body: OK.slice(0, -2) }))
      it(`rejects with the reason while the ${phase} comes`, async () => {
        const abort = new AbortController();
        await start(socket =>
          onRequest(socket, () =>
            socket.write(before, () => setImmediate(() => abort.abort(new Error('enough')))),
          ),
        );
        expect((await errorOf(textOf(GET, abort.signal))).message).to.equal('enough');
        const [socket] = server.sockets as [Socket];
        if (!socket.closed) await new Promise(resolve => socket.once('close', resolve));
      });

    it('leaves a kept connection alone once it is over', async () => {
      await start(saying(OK));
      const abort = new AbortController();
      await textOf(GET, abort.signal);
      abort.abort();
      await textOf();
      expect(server.sockets).to.have.length(1);
    });

    it('rejects a read that waits when the answer is closed, and those after it', async () => {
      await start(saying(OK.slice(0, -2)));
      const answer = await server.connections.exchange(GET);
      const failure = errorOf(answer.read(Buffer.alloc(10)));
      answer.close();
      expect((await failure).code).to.equal('ECONNRESET');
      expect((await errorOf(answer.read(Buffer.alloc(10)))).code).to.equal('ECONNRESET');
    });

    it('does nothing to the next exchange when an answer is closed late', async () => {
      await start(saying(OK));
      const first = await server.connections.exchange(GET);
      await first.text(100);
      const second = await server.connections.exchange(GET);
      first.close();
      expect(await first.read(Buffer.alloc(10))).to.equal(0);
      expect(await second.text(100)).to.equal('hello');
    });

    it('ends with the connections, and is not begun anew', async () => {
      await start((socket, number) => {
        if (number > 0) return saying(OK)(socket);
        let count = 0;
        onRequest(socket, () => (count++ === 0 ? socket.write(OK) : server.connections.close()));
      });
      await textOf();
      expect((await errorOf(textOf())).code).to.equal('ECONNRESET');
      expect(server.sockets).to.have.length(1);
    });

    it('leaves no listener on the signal of a run, and is no reason for a warning', async () => {
      const { signal } = new Halt();
      const listeners = new Set<unknown>();
      const add = signal.addEventListener.bind(signal) as (...p: unknown[]) => void;
      const remove = signal.removeEventListener.bind(signal) as (...p: unknown[]) => void;
      Object.assign(signal, {
        addEventListener: (...p: unknown[]) => {
          listeners.add(p[1]);
          add(...p);
        },
        removeEventListener: (...p: unknown[]) => {
          listeners.delete(p[1]);
          remove(...p);
        },
      });
      const warnings: Error[] = [];
      const warn = (warning: Error) => warnings.push(warning);
      process.on('warning', warn);
      await start((socket, number) => (number % 5 === 4 ? closing : saying)(OK)(socket));
      await Promise.all(
        Array.from({ length: 30 }, async () => {
          for (let i = 0; i < 40; i += 1) await textOf(GET, signal);
        }),
      );
      await turn();
      process.off('warning', warn);
      expect(warnings).to.deep.equal([]);
      expect(listeners.size).to.equal(0);
    });
  });

  describe('in which nothing moves', () => {
    const stallMs = 60;

    for (const [what, said] of Object.entries({
      'no answer': '',
      'half a head': 'HTTP/1.1 200',
      'half a body': OK.slice(0, -2),
    }))
      it(`fails after a while: ${what}`, async () => {
        await start(saying(said), { stallMs });
        expect((await errorOf(textOf())).code).to.equal('STALLED');
      });

    it('fails for a server that reads no more', async () => {
      await start(socket => socket.pause(), { stallMs });
      expect((await errorOf(textOf(put(Buffer.alloc(16 << 20))))).code).to.equal('STALLED');
    });

    it('goes on as long as a server reads something', async () => {
      const body = Buffer.alloc(32 << 20);
      await start(
        socket => {
          let left = body.length;
          socket.on('data', bytes => {
            left -= bytes.length;
            // The last of it is already on the way when it has left the client: nothing could be seen of its progress.
            if (left > body.length / 2) {
              socket.pause();
              setTimeout(() => socket.resume(), 1);
            }
            if (left < 0) socket.write(OK);
          });
        },
        { stallMs: 100 },
      );
      expect(await textOf(put(body))).to.equal('hello');
    });

    it('is no stall when it is the reader who is slow', async () => {
      await start(saying(`HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n${'x'.repeat(500_000)}`), {
        stallMs,
      });
      const answer = await server.connections.exchange(GET);
      await new Promise(resolve => setTimeout(resolve, 2.5 * stallMs));
      let count = 0;
      for (let n = -1; n !== 0; count += n) n = await answer.read(Buffer.alloc(100_000));
      expect(count).to.equal(500_000);
    });

    it('fails for a connection that is not made in time', async () => {
      await start(() => {});
      // It takes the connection, and says nothing of the certificate.
      const { port } = server;
      const connections = new Connections(
        { protocol: 'https:', hostname: '127.0.0.1', port },
        { connectMs: stallMs, stallMs: 1e4 },
      );
      expect((await errorOf(connections.exchange(GET))).code).to.equal('ETIMEDOUT');
    });
  });
});
