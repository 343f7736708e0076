import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { BytePut } from '../../src/storage/byte-requests.ts';
import { sendInParts } from '../../src/storage/multipart.ts';
import { PartBuffers } from '../../src/storage/part-buffers.ts';
import { readerOf } from '../byte-reader.ts';
import { rejection } from '../config/scratch.ts';
import { settled } from '../stages/flow.ts';
import { bytesOf, md5Of, pieces } from './local-storage.ts';

const PART = 1000;

interface Command {
  constructor: { name: string };
  input: Record<string, unknown>;
}

/** An S3 that answers when it is told to, and keeps what it was sent. */
class FakeS3 {
  readonly parts = new Map<number, Buffer>();
  readonly commands: Command[] = [];
  /** Resolves when the part may be answered; throws what S3 answers instead. */
  part: (number: number) => Promise<void> = async () => {};
  create: () => void = () => {};

  async send(command: Command): Promise<object> {
    this.commands.push(command);
    const { name } = command.constructor;
    if (name === 'CreateMultipartUploadCommand') {
      this.create();
      return { UploadId: 'u1' };
    }
    return { ETag: '"whole"' };
  }

  async put({ query, body }: BytePut): Promise<string> {
    const number = Number(query?.partNumber);
    await this.part(number);
    // A copy is taken late: the memory must not be used again before the answer.
    this.parts.set(number, Buffer.from(body));
    return `"part-${number}"`;
  }

  sent(name: string): Command[] {
    return this.commands.filter(command => command.constructor.name === `${name}Command`);
  }
}

describe('an upload in parts', () => {
  let s3: FakeS3;
  let buffers: PartBuffers;
  let journal: string[];
  let leftovers: string[];
  beforeEach(() => {
    s3 = new FakeS3();
    buffers = new PartBuffers(PART, 4 * PART);
    journal = [];
    leftovers = [];
  });

  const send = (
    bytes: AsyncIterable<Buffer>,
    verify: (found: { md5: string; bytes: number }) => void = () => {},
  ) =>
    sendInParts({
      client: s3 as unknown as S3Client,
      puts: s3,
      target: { Bucket: 'b', Key: 'media/k', ContentType: 'video/mp4', IfNoneMatch: '*', Metadata: {} },
      bytes: readerOf(bytes),
      onBytes: () => {},
      partBytes: PART,
      buffers,
      journal: {
        begun: (key, uploadId) => journal.push(`begun ${key} ${uploadId}`),
        ended: uploadId => journal.push(`ended ${uploadId}`),
      },
      verify,
      onLeftover: async uploadId => void leftovers.push(uploadId),
    });
  const expectMemoryBack = () => expect(buffers.usedBytes).to.equal(0);

  for (const size of [0, 1, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 7]) {
    it(`sends ${size} bytes in full parts but the last, in whatever pieces they come`, async () => {
      for (const piece of [1, 999, 1000, 5000]) {
        s3 = new FakeS3();
        const bytes = bytesOf(size);
        let found = {};
        const stored = await send(pieces(bytes, piece), each => {
          found = each;
        });
        expect(stored).to.deep.equal({ etag: '"whole"', bytes: size });
        expect(found).to.deep.equal({ bytes: size, md5: md5Of(bytes) });
        const parts = [...s3.parts.values()];
        expect(Buffer.concat(parts).equals(bytes)).to.equal(true);
        expect(parts.map(part => part.length)).to.deep.equal(
          Array.from({ length: Math.max(1, Math.ceil(size / PART)) }, (_, index) =>
            Math.min(PART, size - index * PART),
          ),
        );
        const [complete] = s3.sent('CompleteMultipartUpload');
        const { Parts } = complete!.input.MultipartUpload as { Parts: { PartNumber: number }[] };
        expect(Parts.map(({ PartNumber }) => PartNumber)).to.deep.equal(parts.map((_, index) => index + 1));
        expectMemoryBack();
      }
    });
  }

  it('keeps the order of parts though a later one is answered first', async () => {
    let release = () => {};
    const first = new Promise<void>(resolve => {
      release = resolve;
    });
    s3.part = number => (number === 1 ? first : Promise.resolve().then(release));
    const bytes = bytesOf(2 * PART);
    await send(pieces(bytes));
    const { Parts } = s3.sent('CompleteMultipartUpload')[0]!.input.MultipartUpload as { Parts: object[] };
    expect(Parts).to.have.nested.property('0.ETag', '"part-1"');
    expect(Buffer.concat([s3.parts.get(1)!, s3.parts.get(2)!]).equals(bytes)).to.equal(true);
  });

  it('has two parts on their way at most, and takes no more bytes while they are', async () => {
    let taken = 0;
    const releases: (() => void)[] = [];
    s3.part = () => new Promise(resolve => releases.push(resolve));
    const sending = send(
      (async function* () {
        for (; taken < 6; taken += 1) yield bytesOf(PART);
      })(),
    );
    await settled();
    expect(releases).to.have.length(2);
    expect(taken).to.be.at.most(2);
    for (let answered = 0; answered < 6; answered += 1) {
      releases[answered]!();
      await settled();
    }
    expect((await sending).bytes).to.equal(6 * PART);
    expectMemoryBack();
  });

  it('is written down before a part is sent, and crossed out after it is complete', async () => {
    s3.part = async () => void journal.push('part');
    await send(pieces(bytesOf(10)));
    expect(journal).to.deep.equal(['begun media/k u1', 'part', 'ended u1']);
    expect(leftovers).to.deep.equal([]);
  });

  it('creates its object under the condition that it was given, and sends that with the last request only', async () => {
    await send(pieces(bytesOf(10)));
    expect(s3.sent('CreateMultipartUpload')[0]!.input).not.to.have.any.keys('IfNoneMatch', 'IfMatch');
    expect(s3.sent('CompleteMultipartUpload')[0]!.input).to.include({ IfNoneMatch: '*' });
  });

  it('begins nothing for a download that fails at once', async () => {
    const failing = async function* () {
      yield* pieces(bytesOf(0));
      throw new Error('no bytes');
    };
    expect((await rejection(send(failing()))).message).to.equal('no bytes');
    expect(s3.commands).to.deep.equal([]);
    expectMemoryBack();
  });

  it('is a leftover, and gives its memory back, when the download breaks, a part fails, or the bytes are wrong', async () => {
    const breaking = async function* () {
      yield* pieces(bytesOf(2 * PART + 5));
      throw new Error('broken off');
    };
    expect((await rejection(send(breaking()))).message).to.equal('broken off');
    const wrong = () => {
      throw new Error('wrong bytes');
    };
    expect((await rejection(send(pieces(bytesOf(PART)), wrong))).message).to.equal('wrong bytes');
    s3.part = async number => {
      if (number === 2) throw new Error('refused');
    };
    expect((await rejection(send(pieces(bytesOf(5 * PART))))).message).to.equal('refused');
    expect(leftovers).to.deep.equal(['u1', 'u1', 'u1']);
    expect(s3.sent('CompleteMultipartUpload')).to.deep.equal([]);
    expect(journal.filter(line => line.startsWith('ended'))).to.deep.equal([]);
    expectMemoryBack();
  });

  it('ends the download when a part fails, and waits for the other part before it gives up', async () => {
    let isEnded = false;
    let release = () => {};
    const slow = new Promise<void>(resolve => {
      release = resolve;
    });
    s3.part = async number => {
      if (number === 1) return slow;
      throw new Error('refused');
    };
    const sending = rejection(
      send(
        (async function* () {
          try {
            for (;;) yield bytesOf(PART);
          } finally {
            isEnded = true;
          }
        })(),
      ),
    );
    await settled();
    expect(isEnded).to.equal(true);
    expect(leftovers, 'not while a part is on its way').to.deep.equal([]);
    release();
    expect((await sending).message).to.equal('refused');
    expect(leftovers).to.deep.equal(['u1']);
    expectMemoryBack();
  });

  it('that cannot be begun fails with the reason, and leaves nothing', async () => {
    s3.create = () => {
      throw new Error('AccessDenied');
    };
    expect((await rejection(send(pieces(bytesOf(3 * PART))))).message).to.equal('AccessDenied');
    expect(leftovers).to.deep.equal([]);
    expectMemoryBack();
  });

  it('shares its memory with others without one waiting for the other for ever', async () => {
    buffers = new PartBuffers(PART, PART);
    const all = Array.from({ length: 5 }, (_, index) => bytesOf(4 * PART + index, index + 1));
    const found: string[] = [];
    await Promise.all(
      all.map(bytes => {
        return send(pieces(bytes, 300), ({ md5 }) => {
          found.push(md5);
        });
      }),
    );
    const wanted = all.map(bytes => createHash('md5').update(bytes).digest('hex'));
    expect(found.sort()).to.deep.equal(wanted.sort());
    expectMemoryBack();
  });
});
