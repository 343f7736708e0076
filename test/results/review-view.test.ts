import { expect } from 'chai';
import { review } from '../../src/results/review.ts';
import { nextLines, REVIEW_COLUMNS, reasonLines } from '../../src/results/review-view.ts';
import { parse } from '../../stages/parse.ts';
import { fileRecord } from '../stages/flow.ts';

const RULES = { maxRange: 100, prefixes: false };
const ID = '1dkJWtysG4FWJMrEubFvAkrmA1BaDnITa';

const reviewOf = (...names: string[]) => {
  const records = names.map((name, index) =>
    parse(fileRecord({ id: `${ID}${index}`, name, path: '5000-5999' }), { ...RULES, naming: 'strict' }),
  );
  return review(records, RULES).then(({ items }) => items);
};

describe('What review shows', () => {
  it('is one line a file where there is room, and never wider than a narrow terminal', async () => {
    const found = await reviewOf('5049 a.jpeg', '5414 (2).mp4', 'photo.jpg');
    const wide = reasonLines(found, 200).filter(line => line.includes('drive.google.com'));
    expect(wide).to.have.length(3);
    expect(wide[0]).to.match(/^ +5000-5999\/5049 a\.jpeg +https:\S+\/view +relaxed: 5049$/);
    const narrow = reasonLines(found, 80);
    expect(Math.max(...narrow.map(line => line.length))).to.be.at.most(80);
    for (const what of [
      '5000-5999/5049 a.jpeg',
      `https://drive.google.com/file/d/${ID}0/view`,
      'relaxed: 5049',
    ])
      expect(narrow.map(line => line.trim())).to.include(what);
  });

  it('says once what is wrong with all files of a reason, and otherwise what is wrong with each', async () => {
    const same = reasonLines(await reviewOf('a.jpg', 'b.jpg'), 500).join('\n');
    expect(same.match(/does not say which observation/g)).to.have.length(1);
    const each = reasonLines(await reviewOf('1.pdf', '2.doc'), 500).join('\n');
    expect(each).to.include('.pdf is not').and.to.include('.doc is not');
  });

  it('shows ranges, lists and prefixes as a person reads them', async () => {
    const readings = async (...names: string[]) =>
      (await reviewOf(...names)).map(REVIEW_COLUMNS.relaxed_reading!);
    expect(await readings('1-3 a.jpg', '4394+4395.mp4', '00042 (1).jpg')).to.deep.equal([
      '1-3',
      '4394, 4395',
      '42',
    ]);
    const found = await reviewOf('x.jpg');
    found[0]!.relaxed = {
      pattern: 'single',
      sequentialIds: [6602],
      prefix: 'E',
      type: 'IMAGE',
      contentType: 'image/jpeg',
    };
    expect(REVIEW_COLUMNS.relaxed_reading!(found[0]!)).to.equal('E 6602');
  });

  it('says that renamed files are noticed, if a name is what is wrong', async () => {
    const nothing = { accept: null, dryRun: false, accepted: [], manifest: 'parse.ndjson' };
    expect(nextLines(await reviewOf('photo.jpg'), nothing).join()).to.include(
      'notices files that you rename',
    );
    expect(nextLines(await reviewOf('5049 a.jpeg'), nothing).join())
      .to.include('notices files that you rename')
      .and.to.include('--accept relaxed');
    const record = fileRecord({ status: 'failed' });
    const error = { stage: 'link' as const, code: 'link_refused', message: 'x', retryable: false };
    expect(nextLines((await review([{ ...record, error }], RULES)).items, nothing)).to.deep.equal([]);
  });

  it('links to a file whose id is no valid text', async () => {
    const record = fileRecord({ id: 'a/../\ud800', status: 'needs_review' });
    const lines = reasonLines((await review([record], RULES)).items, 500).join('\n');
    expect(lines).to.include('/file/d/a%2F..%2F%EF%BF%BD/view');
  });
});
