import { expect } from 'chai';
import { DriveError } from './errors.ts';
import { applyMask, checkMask, parseMask } from './fields.ts';
import { FILE_LIST_SCHEMA } from './schemas.ts';

const answer = {
  kind: 'drive#fileList',
  nextPageToken: 'next',
  files: [
    { id: '1', name: 'a', shortcutDetails: { targetId: 't', targetMimeType: 'm' } },
    { id: '2', name: 'b' },
  ],
};
const select = (mask: string) => applyMask(answer, parseMask(mask));

describe('the fields parameter', () => {
  it('selects nested fields in either notation', () => {
    const selected = {
      nextPageToken: 'next',
      files: [{ id: '1', shortcutDetails: { targetId: 't' } }, { id: '2' }],
    };
    expect(select('nextPageToken,files(id,shortcutDetails/targetId)')).to.eql(selected);
    expect(select('files/shortcutDetails(targetId), nextPageToken, files/id')).to.eql(selected);
  });

  it('leaves out what is not asked for, the token of the next page too', () => {
    expect(select('files/name')).to.eql({ files: [{ name: 'a' }, { name: 'b' }] });
  });

  it('takes everything for a star, at any depth', () => {
    expect(select('*')).to.eql(answer);
    expect(select('files(*)')).to.eql({ files: answer.files });
    expect(select('files/*/targetId')).to.have.nested.property('files[0].shortcutDetails.targetId', 't');
  });

  for (const mask of [
    'nope',
    'files(nope)',
    'files(id',
    'files(id))',
    'files()',
    'files/',
    ',',
    'id,',
    'files(id/x)',
    'files-id',
  ]) {
    it(`refuses ${mask}`, () => {
      expect(() => checkMask(parseMask(mask), FILE_LIST_SCHEMA))
        .to.throw(DriveError)
        .that.includes({ httpStatus: 400, reason: 'invalidParameter' });
    });
  }
});
