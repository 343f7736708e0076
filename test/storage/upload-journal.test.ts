import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { JournalFile } from '../../src/storage/upload-journal.ts';
import { RunError } from '../../stages/errors.ts';
import { type Scratch, scratchFolder } from '../config/scratch.ts';
import { answer, inject, reset } from '../faults.ts';
import { bytesOf, type LocalStorage, localStorage, MIB, uploadOf } from './local-storage.ts';

const BYTES = bytesOf(6 * MIB);
const PART = /^PUT .*partNumber=/;
const ABORT = /^DELETE .*uploadId=/;

describe('the journal of uploads', () => {
  let scratch: Scratch;
  let path: string;
  beforeEach(async () => {
    scratch = await scratchFolder();
    path = join(scratch.folder, 'run', 'uploads.ndjson');
  });
  afterEach(() => scratch.remove());

  it('knows what has begun and not ended, also in a later process', () => {
    const journal = new JournalFile(path);
    expect(journal.open()).to.deep.equal([]);
    journal.begun('media/a', 'u1');
    journal.begun('media/b', 'u2');
    journal.ended('u1');
    expect(new JournalFile(path).open()).to.deep.equal([{ key: 'media/b', uploadId: 'u2' }]);
    journal.clear();
    expect(existsSync(path)).to.equal(false);
    journal.clear();
  });

  it('passes over a line that a crash has cut short, and loses none behind it', () => {
    const journal = new JournalFile(path);
    journal.begun('media/a', 'u1');
    appendFileSync(path, '{"key":"media/b","uplo');
    journal.begun('media/c', 'u3');
    expect(journal.open().map(({ uploadId }) => uploadId)).to.deep.equal(['u1', 'u3']);
  });

  it('says so when it cannot be written', () => {
    mkdirSync(path, { recursive: true });
    expect(() => new JournalFile(path).begun('media/a', 'u1')).to.throw(RunError, path);
  });

  describe('at the start of the next run', () => {
    let local: LocalStorage;
    beforeEach(async () => {
      local = await localStorage();
    });
    afterEach(() => local.close());

    /** An upload of which S3 has a part, as a crash leaves it behind. */
    async function interrupted(key: string): Promise<void> {
      const storage = await local.connect({ journal: new JournalFile(path) });
      // Neither the second part nor the abort gets through.
      inject(local.s3.service, PART, [() => false, answer(400, '<Error><Code>InvalidPart</Code></Error>')]);
      const abort = local.s3.service.intercept!;
      local.s3.service.intercept = (request, response) =>
        request.method === 'DELETE' ? reset(request, response) : abort(request, response);
      await storage.store(uploadOf(BYTES, { key })).catch(() => {});
      local.s3.service.intercept = null;
    }
    const nextRun = async () => {
      const storage = await local.connect({ journal: new JournalFile(path) });
      await storage.removeLeftovers();
    };

    it('leads to what was left behind, which is removed where that is allowed', async () => {
      await interrupted('media/obs-1/1.mp4');
      expect(local.s3.uploads()).to.have.length(1);
      local.keys.current = local.credentials.issue({ role: 'root', lifetimeSeconds: 3600 });
      await nextRun();
      expect(local.s3.uploads()).to.deep.equal([]);
      expect(local.warnings).to.deep.equal([]);
      expect(existsSync(path)).to.equal(false);
    });

    it('names everything that this user may not remove, once', async () => {
      for (const name of ['1.mp4', '2.mp4']) await interrupted(`media/obs-1/${name}`);
      local.warnings.length = 0;
      await nextRun();
      expect(local.warnings).to.have.length(1);
      expect(local.warnings[0])
        .to.include('media/obs-1/1.mp4')
        .and.to.include('media/obs-1/2.mp4')
        .and.to.include('AbortIncompleteMultipartUpload');
      await nextRun();
      expect(local.warnings).to.have.length(1);
    });

    it('keeps what S3 did not answer to for the run after it', async () => {
      await interrupted('media/obs-1/1.mp4');
      inject(local.s3.service, ABORT, [reset]);
      await nextRun();
      expect(local.warnings).to.deep.equal([]);
      expect(new JournalFile(path).open()).to.have.length(1);
    });

    it('forgets uploads that came to their end', async () => {
      const storage = await local.connect({ journal: new JournalFile(path) });
      await storage.store(uploadOf(BYTES));
      expect(readFileSync(path, 'utf8')).to.include('ended');
      await nextRun();
      expect(existsSync(path)).to.equal(false);
      expect(local.requests('AbortMultipartUpload')).to.equal(0);
    });

    it('is no obstacle when it holds anything else', async () => {
      writeFileSync(
        (await scratch.put('run/x', '')).replace(/x$/, 'uploads.ndjson'),
        'null\n[]\n{}\n"x"\n\0\n',
      );
      await nextRun();
      expect(existsSync(path)).to.equal(false);
    });
  });
});
