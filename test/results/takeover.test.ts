import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeoverOf } from '../../src/results/takeover.ts';
import { useScratch } from '../config/scratch.ts';
import { fileRecord } from '../stages/flow.ts';

const FOLDER = '1AbC-folder';
const NAME = `progress_${FOLDER}.json`;
const MD5 = 'a'.repeat(32);
const URL = 'https://b.s3.us-east-1.amazonaws.com/media/obs-1/6602.jpg';

const entry = (fields: object = {}) => ({
  filename: '6602.jpg',
  status: 'completed',
  sequential_ids: [6602],
  observation_ids: ['obs-1'],
  s3_url: URL,
  media_ids: ['random-1'],
  error: null,
  updated_at: '2024-05-01T11:00:00Z',
  size: 3,
  checksum: MD5,
  ...fields,
});

describe("the Python tool's progress file", () => {
  const scratch = useScratch();

  const taken = () => takeoverOf(scratch.folder, FOLDER);
  const put = (files: unknown) => scratch.put(NAME, { folder_id: FOLDER, files });
  const record = fileRecord({ md5: MD5 });
  /** What becomes of the record when this is its entry. */
  async function applied(fields: object, given = record) {
    await put({ 'file-1': entry(fields) });
    return taken()!(given);
  }

  it('is set aside under .bak, byte for byte, and read from there ever after', async () => {
    const path = await put({ 'file-1': entry(), 'file-2': entry({ status: 'failed', s3_url: null }) });
    const text = readFileSync(path, 'utf8');
    expect(taken()!(record)).to.include({ url: URL });
    expect(existsSync(path)).to.equal(false);
    expect(readFileSync(`${path}.bak`, 'utf8')).to.equal(text);
    await scratch.put(NAME, { files: { 'file-1': { ...entry(), sequential_id: 1 } } });
    expect(taken()!(record)).to.include({ url: URL });
    expect(readFileSync(`${path}.bak`, 'utf8')).to.equal(text);
  });

  it('is set aside under another name where a person has a .bak', async () => {
    const path = await put({ 'file-1': entry() });
    writeFileSync(`${path}.bak`, 'mine');
    expect(taken()!(record)).to.include({ url: URL });
    expect(taken()!(record)).to.include({ url: URL });
    expect(readFileSync(`${path}.bak`, 'utf8')).to.equal('mine');
  });

  it('does not guess which media record belongs to which observation', async () => {
    const { media } = await applied({ status: 'partial', observation_ids: ['obs-1', 'obs-2'] });
    expect(media).to.deep.equal([]);
  });

  it('says nothing about files that were not stored, or have been changed since', async () => {
    for (const fields of [
      { status: 'failed' },
      { status: 'orphan' },
      { status: 'needs_review' },
      { status: 'pending', s3_url: null },
      { status: 'completed', s3_url: null },
      { status: 'completed', s3_url: 'https://elsewhere.example/6602.jpg' },
      { checksum: 'b'.repeat(32) },
      { size: 4, checksum: null },
    ]) {
      expect(await applied(fields), JSON.stringify(fields)).to.equal(record);
    }
  });

  it('is believed where there is nothing to compare, or the digest is of another kind', async () => {
    for (const fields of [
      { checksum: null, size: null },
      { checksum: MD5.toUpperCase() },
      { checksum: 'crc:1' },
    ])
      expect(await applied(fields)).to.include({ url: URL });
  });

  it('changes nothing of a record that is stored already, has stopped, or is not in it', async () => {
    for (const given of [
      { ...record, url: 'https://b/other' },
      { ...record, status: 'orphan' as const },
      { ...record, id: 'other' },
    ])
      expect(await applied({}, given)).to.equal(given);
  });

  for (const [what, url, key] of [
    ['escaped', URL.replace('6602', '6602%20%281%29'), 'media/obs-1/6602 (1).jpg'],
    ['wrongly escaped', URL.replace('6602', '100%'), 'media/obs-1/100%.jpg'],
    ['path-style', 'https://s3.us-east-1.amazonaws.com/b/media/obs-1/6602.jpg', 'media/obs-1/6602.jpg'],
    ['signed', `${URL}?X-Amz-Signature=abc`, 'media/obs-1/6602.jpg'],
  ] as const) {
    it(`leads to the key also by an ${what} address`, async () => {
      expect(await applied({ s3_url: url })).to.include({ key });
    });
  }

  it('is not ours: what we have written ourselves stays where it is', async () => {
    const path = await put({ 'file-1': { ...entry(), sequential_id: 6602 } });
    expect(taken()).to.equal(null);
    expect(existsSync(path)).to.equal(true);
  });

  it('is none when it is missing, empty, broken or something else', async () => {
    expect(taken()).to.equal(null);
    for (const text of [
      '',
      '{"files": {"a"',
      '[]',
      'null',
      '{"files": null}',
      '{"files": {}}',
      '{"files": []}',
    ]) {
      await scratch.put(NAME, text);
      expect(taken(), text).to.equal(null);
      expect(existsSync(join(scratch.folder, NAME)), text).to.equal(true);
    }
  });

  it('is survived when single entries are broken', async () => {
    await put({ 'file-1': entry(), x: null, y: 'text', z: { status: 7, s3_url: 7 } });
    expect(taken()!(record)).to.include({ url: URL });
  });
});
