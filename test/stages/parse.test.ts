import { expect } from 'chai';
import fc from 'fast-check';
import type { NameRules } from '../../stages/file-name.ts';
import { parse } from '../../stages/parse.ts';
import type { FileRecord } from '../../stages/record.ts';
import { anyRecords, expectAllAccountedFor, fileRecord, one, through } from './flow.ts';

const STRICT: NameRules = { naming: 'strict', maxRange: 100, prefixes: false };

function parsed(fields: Partial<FileRecord>, rules: Partial<NameRules> = {}): Promise<FileRecord> {
  return one(parse({ ...STRICT, ...rules }), fileRecord(fields));
}

describe('parse', () => {
  it('adds what the name says and passes on all other fields', async () => {
    const given = { path: '6000-6999', md5: 'c'.repeat(32), note: { by: 'a person' } };
    expect(await parsed({ ...given, name: '6000-6001.MP4' })).to.deep.equal({
      ...fileRecord(given),
      name: '6000-6001.MP4',
      pattern: 'range',
      sequentialIds: [6000, 6001],
      type: 'VIDEO',
      contentType: 'video/mp4',
    });
  });

  it('adds the prefix only when prefix rules are on', async () => {
    expect(await parsed({ name: '6602.jpg' })).not.to.have.property('prefix');
    expect(await parsed({ name: '6602.jpg' }, { prefixes: true })).to.have.property('prefix', '');
    expect(await parsed({ name: 'E6602.jpg' }, { prefixes: true })).to.have.property('prefix', 'E');
  });

  it('leaves a file whose name it cannot read to a person, and says which and why', async () => {
    const { status, error } = await parsed({ id: 'x1', name: 'photo.jpg' });
    expect(status).to.equal('needs_review');
    expect(error).to.include({ stage: 'parse', code: 'name_unreadable', retryable: false });
    expect(error!.message).to.match(/^photo\.jpg \(x1\): /);
  });

  it('leaves Google documents to a person, whatever their name says', async () => {
    const record = await parsed({ name: '6602.jpg', mimeType: 'application/vnd.google-apps.document' });
    expect(record).to.include({ status: 'needs_review' }).and.not.to.have.property('sequentialIds');
    expect(record.error).to.include({ code: 'google_document' });
  });

  it('does not parse again what has sequential ids', async () => {
    const record = fileRecord({ sequentialIds: [1], type: 'IMAGE', contentType: 'image/jpeg' });
    expect(await one(parse(STRICT), record)).to.equal(record);
  });

  it('takes the sequential ids that a person wrote down, and finds the media type for them', async () => {
    expect(await parsed({ name: 'photo.JPG', sequentialIds: [7, 3] })).to.deep.include({
      sequentialIds: [7, 3],
      type: 'IMAGE',
      contentType: 'image/jpeg',
      status: 'pending',
    });
    expect(await parsed({ name: 'film', mimeType: 'video/webm', sequentialIds: [7] })).to.include({
      type: 'VIDEO',
      contentType: 'video/webm',
    });
  });

  it('does not change a media type that a person wrote down', async () => {
    expect(await parsed({ name: '6602.gif', sequentialIds: [6602], type: 'VIDEO' })).to.include({
      type: 'VIDEO',
      contentType: 'image/gif',
    });
  });

  it('asks for the media type where neither name nor Drive tells it', async () => {
    const { error } = await parsed({ name: 'paper', mimeType: 'application/pdf', sequentialIds: [7] });
    expect(error).to.include({ code: 'unsupported_extension' });
  });

  it('goes on with a file that it had stopped once a person has written down its ids, error gone', async () => {
    const stopped = await parsed({ name: 'photo.jpg' });
    const answered = await one(parse(STRICT), { ...stopped, sequentialIds: [6602] });
    expect(answered).to.deep.include({ status: 'pending', sequentialIds: [6602], type: 'IMAGE' });
    expect(answered).not.to.have.property('error');
  });

  it('takes an empty list of ids for none, and reads the name', async () => {
    expect(await parsed({ name: '6602.jpg', sequentialIds: [] })).to.deep.include({ sequentialIds: [6602] });
  });

  it('knows the prefix of a file whose ids a person wrote down, so that it is not linked elsewhere', async () => {
    const rules = { prefixes: true };
    expect(await parsed({ name: 'E6602 odd.jpg', sequentialIds: [6602] }, rules)).to.include({ prefix: 'E' });
    expect(await parsed({ name: 'odd.jpg', sequentialIds: [6602] }, rules)).to.include({ prefix: '' });
    expect(await parsed({ name: 'E6602 odd.jpg', sequentialIds: [6602], prefix: 'S' }, rules)).to.include({
      prefix: 'S',
    });
  });

  it('passes records that have stopped earlier as the very objects they are', async () => {
    const records = (['failed', 'orphan', 'needs_review', 'partial', 'duplicate', 'completed'] as const).map(
      (status, index) => fileRecord({ id: `f${index}`, status }),
    );
    const results = await through(parse(STRICT), records);
    expect(results.every((record, index) => record === records[index])).to.equal(true);
  });

  it('gives out every record that goes in exactly once, and parsing twice is parsing once', async () => {
    const naming = fc.constantFrom('strict' as const, 'relaxed' as const);
    await fc.assert(
      fc.asyncProperty(anyRecords(), naming, fc.boolean(), async (records, name, prefixes) => {
        const stage = parse({ naming: name, maxRange: 100, prefixes });
        const results = await through(stage, records);
        expectAllAccountedFor(records, results);
        expect(await through(stage, results)).to.deep.equal(results);
      }),
    );
  });
});
