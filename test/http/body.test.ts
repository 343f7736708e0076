import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import tls from 'node:tls';
import { expect } from 'chai';
import fc from 'fast-check';
import { ChunkedBody } from '../../src/http/chunked.ts';
import type { Request } from '../../src/http/request.ts';
import { CERTIFICATE } from './localhost-certificate.ts';
import { closing, onRequest, RawServer, saying } from './raw-server.ts';

const GET: Request = { method: 'GET', path: '/', headers: {} };
const FRAMINGS = ['length', 'chunked', 'close'] as const;
/** Stands wherever nothing has been read to, and in memory that has been given back. */
const POISON = 0xaa;

interface Sending {
  framing: (typeof FRAMINGS)[number];
  sizeBytes: number;
  /** Of the packets, and of the chunks. */
  piecesBytes: number[];
  readsBytes: number[];
  /** Turns of the event loop between reads. */
  pauses: number[];
}

/** No 251 bytes of it are like those before. */
function content(sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let i = 0; i < sizeBytes; i += 1) bytes[i] = (i + Math.floor(i / 251)) % 251;
  // Differs at a distance of 64 KiB and of a TLS record, where a mistake would be.
  for (let i = 0; i + 4 <= sizeBytes; i += 1024) bytes.writeUInt32LE(i, i);
  return bytes;
}

function* pieces(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const to = at + (sizes[i % sizes.length] ?? bytes.length);
    yield bytes.subarray(at, to);
    at = to;
  }
}

function encoded(bytes: Buffer, { framing, piecesBytes }: Pick<Sending, 'framing' | 'piecesBytes'>): Buffer {
  if (framing === 'length')
    return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`), bytes]);
  if (framing === 'close') return Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), bytes]);
  const chunks = [...pieces(bytes, [...piecesBytes].reverse())].flatMap(chunk => [
    Buffer.from(`${chunk.length.toString(16)};name="value"\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  const head = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n');
  return Buffer.concat([head, ...chunks, Buffer.from('0\r\nx-trailer: 1\r\n\r\n')]);
}

/** So that the client trusts the certificate of the tests in this process. */
function trusting(): () => void {
  const { createSecureContext } = tls;
  tls.createSecureContext = options => createSecureContext({ ca: CERTIFICATE, ...options });
  return () => {
    tls.createSecureContext = createSecureContext;
  };
}

describe('the body of an answer', () => {
  let distrust: () => void;
  before(() => {
    distrust = trusting();
  });
  after(() => distrust());

  for (const secure of [false, true])
    describe(secure ? 'over TLS' : 'over TCP', () => {
      let server: RawServer;
      let sending: Sending;
      before(async () => {
        server = await RawServer.start(
          socket =>
            onRequest(socket, async () => {
              const { piecesBytes, framing, sizeBytes } = sending;
              for (const piece of pieces(encoded(content(sizeBytes), sending), piecesBytes)) {
                socket.write(piece);
                if (piece.length % 2) await turn();
              }
              if (framing === 'close') socket.end();
            }),
          { secure },
        );
      });
      after(() => server.stop());

      async function download({ readsBytes, pauses, sizeBytes }: Sending): Promise<void> {
        const answer = await server.connections.exchange(GET);
        const given: Buffer[] = [];
        const arrived: Buffer[] = [];
        for (let i = 0; ; i += 1) {
          for (let pause = pauses[i % pauses.length] ?? 0; pause > 0; pause -= 1) await turn();
          const memory = Buffer.alloc(readsBytes[i % readsBytes.length]! + 32, POISON);
          const into = memory.subarray(16, -16);
          let told = 0;
          const count = await answer.read(into, bytes => {
            told += bytes;
          });
          expect(told).to.equal(count);
          arrived.push(Buffer.from(into.subarray(0, count)));
          into.fill(POISON, 0, count);
          given.push(memory);
          if (count < into.length) break;
        }
        expect(await answer.read(Buffer.alloc(10))).to.equal(0);
        expect(Buffer.concat(arrived).equals(content(sizeBytes))).to.equal(true);
        await turn();
        for (const memory of given) expect(memory.equals(Buffer.alloc(memory.length, POISON))).to.equal(true);
      }

      it('arrives as it was sent, in memory that is left alone afterwards', async function () {
        this.timeout(30_000);
        const sizes = (max: number) =>
          fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max })), {
            minLength: 1,
            maxLength: 6,
          });
        await fc.assert(
          fc.asyncProperty(
            fc.record({
              framing: fc.constantFrom(...FRAMINGS),
              sizeBytes: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 400_000 })),
              piecesBytes: sizes(100_000),
              readsBytes: sizes(200_000),
              pauses: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
            }),
            async tried => {
              // Not so many pieces that the test takes long.
              const least = tried.sizeBytes / 200;
              const piecesBytes = tried.piecesBytes.map(bytes => Math.ceil(Math.max(bytes, least)));
              const readsBytes = tried.readsBytes.map(bytes => Math.ceil(Math.max(bytes, least)));
              sending = { ...tried, piecesBytes, readsBytes };
              await download(sending);
            },
          ),
          { numRuns: 150 },
        );
      });

      it('arrives byte by byte', async () => {
        for (const framing of FRAMINGS) {
          sending = { framing, sizeBytes: 3_000, piecesBytes: [1_000], readsBytes: [1], pauses: [0] };
          await download(sending);
        }
      });

      it('arrives when all of it comes at once and is read late, in small parts', async () => {
        for (const framing of FRAMINGS) {
          sending = {
            framing,
            sizeBytes: 2_000_000,
            piecesBytes: [1_999_998],
            readsBytes: [5_000],
            pauses: [0, 1],
          };
          await download(sending);
        }
      });

      it('leaves memory alone after it was given up in the middle', async () => {
        for (let times = 0; times < 20; times += 1) {
          sending = {
            framing: 'length',
            sizeBytes: 1_000_000,
            piecesBytes: [1_000_000],
            readsBytes: [],
            pauses: [],
          };
          const abort = new AbortController();
          const answer = await server.connections.exchange(GET, abort.signal);
          const memory = Buffer.alloc(1_000_000, POISON);
          let arrivals = 0;
          try {
            await answer.read(memory, () => {
              arrivals += 1;
              // Behind the arrival, but before the next of those that TLS hands out in one go.
              if (arrivals === times + 1) queueMicrotask(() => abort.abort());
            });
            expect.fail('it was not given up');
          } catch {
            memory.fill(POISON);
          }
          for (let i = 0; i < 5; i += 1) await turn();
          expect(memory.equals(Buffer.alloc(memory.length, POISON))).to.equal(true);
        }
      });
    });

  describe('over TLS', () => {
    let server: RawServer;
    afterEach(() => server.stop());
    const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';

    it('arrives also when the end of the connection comes along', async () => {
      for (const answer of [
        OK,
        'HTTP/1.1 200 OK\r\n\r\nhello',
        OK.replace('\r\n', '\r\nconnection: close\r\n'),
      ]) {
        server = await RawServer.start(closing(answer), { secure: true });
        const { read } = await server.connections.exchange(GET);
        for (let i = 0; i < 20; i += 1) await turn();
        const memory = Buffer.alloc(3);
        const parts = [];
        let count: number;
        do {
          count = await read(memory);
          parts.push(memory.toString('latin1', 0, count));
        } while (count === memory.length);
        expect(parts.join('')).to.equal('hello');
        server.stop();
      }
    });

    it('is never followed by records behind it', async () => {
      server = await RawServer.start(
        (socket, number) =>
          onRequest(socket, () => {
            socket.cork();
            socket.write(OK);
            if (number === 0) socket.write(OK.replace('hello', 'wrong'));
            socket.uncork();
          }),
        { secure: true },
      );
      for (let i = 0; i < 3; i += 1) {
        expect(await (await server.connections.exchange(GET)).text(5)).to.equal('hello');
      }
      expect(server.sockets).to.have.length(2);
    });

    it('is not asked for where nobody vouches for the certificate', async () => {
      distrust();
      let heard = 0;
      server = await RawServer.start(socket => socket.on('data', bytes => (heard += bytes.length)), {
        secure: true,
      });
      try {
        await server.connections.exchange(GET);
        expect.fail('it was trusted');
      } catch (error) {
        expect(error).to.have.property('code', 'DEPTH_ZERO_SELF_SIGNED_CERT');
      } finally {
        distrust = trusting();
      }
      for (let i = 0; i < 20; i += 1) await turn();
      expect(heard).to.equal(0);
    });
  });

  describe('that is cut short', () => {
    let server: RawServer;
    afterEach(() => server.stop());
    const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

    for (const secure of [false, true])
      for (const [what, text] of Object.entries({
        'of a length': 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello',
        'in a chunk': `${chunked}6\r\nhello`,
        'behind a chunk': `${chunked}5\r\nhello`,
        'between chunks': `${chunked}5\r\nhello\r\n`,
        'in the size of a chunk': `${chunked}5\r\nhello\r\n0`,
        'before the trailer': `${chunked}5\r\nhello\r\n0\r\n`,
        'in the trailer': `${chunked}5\r\nhello\r\n0\r\nx: y\r\n`,
      }))
        it(`is never taken for whole: ${what}${secure ? ', over TLS' : ''}`, async () => {
          server = await RawServer.start(closing(text), { secure });
          const answer = await server.connections.exchange(GET);
          const memory = Buffer.alloc(5);
          // What is there may be read; then there is no end.
          expect(await answer.read(memory)).to.equal(5);
          try {
            await answer.read(memory);
            expect.fail('it seemed whole');
          } catch (error) {
            expect(error).to.have.property('code', 'ECONNRESET');
          }
        });

    it('is never taken for whole when the connection breaks, though it had no length', async () => {
      server = await RawServer.start(saying('HTTP/1.1 200 OK\r\n\r\nhello'));
      const answer = await server.connections.exchange(GET);
      const memory = Buffer.alloc(5);
      expect(await answer.read(memory)).to.equal(5);
      try {
        const end = answer.read(memory);
        server.sockets[0]!.resetAndDestroy();
        await end;
        expect.fail('it seemed whole');
      } catch (error) {
        expect(error).to.have.property('code', 'ECONNRESET');
      }
    });

    for (const [what, text] of Object.entries({
      'no size': '\r\nhello',
      'a negative size': '-5\r\nhello',
      'a size with a prefix': '0x5\r\nhello',
      'a size beyond counting': `${'f'.repeat(20)}\r\nhello`,
      'a size without end': '0'.repeat(200_000),
      'more bytes than its size': '3\r\nhello\r\n',
    }))
      it(`fails for a chunk of ${what}`, async () => {
        server = await RawServer.start(saying(chunked + text));
        const answer = await server.connections.exchange(GET);
        try {
          await answer.text(10);
          expect.fail('it was taken');
        } catch (error) {
          expect(error).to.have.property('name', 'GarbledAnswer');
        }
      });
  });

  it('gives memory to one read at a time', async () => {
    const server = await RawServer.start(saying('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell'));
    const answer = await server.connections.exchange(GET);
    const first = answer.read(Buffer.alloc(5));
    try {
      await answer.read(Buffer.alloc(5));
      expect.fail('it was begun');
    } catch (error) {
      expect(error).to.be.instanceOf(TypeError);
    }
    server.sockets[0]!.write('o');
    expect(await first).to.equal(5);
    server.stop();
  });

  it('gives nothing more to a reader who closes it on hearing of bytes', async () => {
    const server = await RawServer.start(saying('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    const answer = await server.connections.exchange(GET);
    try {
      await answer.read(Buffer.alloc(3), () => answer.close());
      expect.fail('it went on');
    } catch (error) {
      expect(error).to.have.property('code', 'ECONNRESET');
    }
    server.stop();
  });

  it('fails with what the listener to its bytes throws', async () => {
    const body = 'x'.repeat(200_000);
    const server = await RawServer.start((socket: Socket) =>
      saying(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)(socket),
    );
    for (const arrival of [1, 2]) {
      const answer = await server.connections.exchange(GET);
      let arrivals = 0;
      try {
        await answer.read(Buffer.alloc(200_000), () => {
          if (++arrivals === arrival) throw new Error('no more');
        });
        expect.fail('it went on');
      } catch (error) {
        expect(error).to.have.property('message', 'no more');
      }
    }
    server.stop();
  });

  it('in chunks is taken apart alike wherever it is split', () => {
    const text = Buffer.from('5\r\nhello\r\n1;a="b"\r\n \r\n5\nworld\r\n000\r\nx: y\r\n\r\nbehind');
    for (let first = 0; first <= text.length; first += 1)
      for (let room = 1; room <= 12; room += 1) {
        const body = new ChunkedBody();
        const all: string[] = [];
        let at = 0;
        for (const to of [first, text.length])
          while (at < to && !body.isOver) {
            const into = Buffer.alloc(room);
            const { read, written } = body.decode(text.subarray(at, to), into);
            at += read;
            all.push(into.toString('latin1', 0, written));
          }
        expect([all.join(''), text.toString('latin1', at)]).to.deep.equal(['hello world', 'behind']);
      }
  });
});
