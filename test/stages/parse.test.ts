import { expect } from 'chai';
import fc from 'fast-check';
import type { NameRules } from '../../stages/file-name.ts';
import { parse } from '../../stages/parse.ts';
import type { FileRecord } from '../../stages/record.ts';
import { anyRecords, expectAllAccountedFor, fileRecord } from './flow.ts';

const STRICT: NameRules = { naming: 'strict', maxRange: 100, prefixes: false };

function parsed(fields: Partial<FileRecord>, rules: Partial<NameRules> = {}): FileRecord {
  return parse(fileRecord(fields), { ...STRICT, ...rules });
}

describe('parse', () => {
  it('adds what the name says and passes on all other fields', () => {
    const given = { path: '6000-6999', md5: 'c'.repeat(32), note: { by: 'a person' } };
    expect(parsed({ ...given, name: '6000-6001.MP4' })).to.deep.equal({
      ...fileRecord(given),
      name: '6000-6001.MP4',
      pattern: 'range',
      sequentialIds: [6000, 6001],
      type: 'VIDEO',
      contentType: 'video/mp4',
    });
  });

  it('leaves a file whose name it cannot read to a person, and says which and why', () => {
    const { status, error } = parsed({ id: 'x1', name: 'photo.jpg' });
    expect(status).to.equal('needs_review');
    expect(error).to.include({ stage: 'parse', code: 'name_unreadable', retryable: false });
    expect(error!.message).to.match(/^photo\.jpg \(x1\): /);
  });

  it('leaves Google documents to a person, whatever their name says', () => {
    const record = parsed({ name: '6602.jpg', mimeType: 'application/vnd.google-apps.document' });
    expect(record).to.include({ status: 'needs_review' }).and.not.to.have.property('sequentialIds');
    expect(record.error).to.include({ code: 'google_document' });
  });

  it('does not parse again what has sequential ids', () => {
    const record = fileRecord({ sequentialIds: [1], type: 'IMAGE', contentType: 'image/jpeg' });
    expect(parse(record, STRICT)).to.equal(record);
  });

  it('takes the sequential ids that a person wrote down, and finds the media type for them', () => {
    expect(parsed({ name: 'photo.JPG', sequentialIds: [7, 3] })).to.deep.include({
      sequentialIds: [7, 3],
      type: 'IMAGE',
      contentType: 'image/jpeg',
      status: 'pending',
    });
    expect(parsed({ name: 'film', mimeType: 'video/webm', sequentialIds: [7] })).to.include({
      type: 'VIDEO',
      contentType: 'video/webm',
    });
  });

  it('goes on with a file that it had stopped once a person has written down its ids, error gone', () => {
    const stopped = parsed({ name: 'photo.jpg' });
    const answered = parse({ ...stopped, sequentialIds: [6602] }, STRICT);
    expect(answered).to.deep.include({ status: 'pending', sequentialIds: [6602], type: 'IMAGE' });
    expect(answered).not.to.have.property('error');
  });

  it('knows the prefix of a file whose ids a person wrote down, so that it is not linked elsewhere', () => {
    const rules = { prefixes: true };
    expect(parsed({ name: 'E6602 odd.jpg', sequentialIds: [6602] }, rules)).to.include({ prefix: 'E' });
    expect(parsed({ name: 'odd.jpg', sequentialIds: [6602] }, rules)).to.include({ prefix: '' });
    expect(parsed({ name: 'E6602 odd.jpg', sequentialIds: [6602], prefix: 'S' }, rules)).to.include({
      prefix: 'S',
    });
  });

  it('gives out every record that goes in exactly once, and parsing twice is parsing once', () => {
    const naming = fc.constantFrom('strict' as const, 'relaxed' as const);
    fc.assert(
      fc.property(anyRecords(), naming, fc.boolean(), (records, name, prefixes) => {
        const rules = { naming: name, maxRange: 100, prefixes };
        const results = records.map(record => parse(record, rules));
        expectAllAccountedFor(records, results);
        expect(results.map(record => parse(record, rules))).to.deep.equal(results);
      }),
    );
  });
});
