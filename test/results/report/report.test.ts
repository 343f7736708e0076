import { expect } from 'chai';
import { doneOf } from '../../../src/results/report/report.ts';
import { reportJson } from '../../../src/results/report/report-json.ts';
import type { FileRecord, RecordError } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';
import { reportOn } from './sample-report.ts';

const errorOf = (record: Pick<FileRecord, 'id' | 'name'>, code: string, why: string): RecordError => ({
  stage: 'parse',
  code,
  message: `${record.name} (${record.id}): ${why}`,
  retryable: false,
});

const REVIEW = ['a.jpg', 'b.jpg', 'c.pdf'].map((name, index) => {
  const record = fileRecord({ id: `id-${index}`, name, path: 'old', size: 10, status: 'needs_review' });
  const code = name.endsWith('.pdf') ? 'unsupported_extension' : 'name_unreadable';
  return { ...record, error: errorOf(record, code, 'the name says nothing.') };
});
const STORED = fileRecord({
  id: 'id-9',
  name: '1.jpg',
  path: '1-500',
  size: 90,
  bytes: 100,
  url: 'https://b/1.jpg',
  storedAt: '2026-03-02T08:30:00.000Z',
  status: 'completed',
});

describe('The data of a report', () => {
  it('counts files and bytes by status, by folder and by reason', () => {
    const report = reportOn([...REVIEW, STORED]);
    const json = reportJson(report, new Date(0));
    expect(json).to.deep.include({
      folder_id: 'folder-1',
      listed: true,
      total_files: 4,
      bytes: 130,
      summary: { completed: 1, needs_review: 3 },
      bytes_by_status: { completed: 100, needs_review: 30 },
      need_attention: 3,
      folders: [
        { path: 'old', files: 3, bytes: 30, need_attention: 3, summary: { needs_review: 3 } },
        { path: '1-500', files: 1, bytes: 100, need_attention: 0, summary: { completed: 1 } },
      ],
    });
    expect([...report.reasons.values()].map(({ code, files, bytes }) => [code, files, bytes])).to.deep.equal([
      ['name_unreadable', 2, 20],
      ['unsupported_extension', 1, 10],
    ]);
    expect(doneOf(report.counts)).to.deep.equal({ files: 1, bytes: 100 });
  });

  it('says of each file that needs attention why, and where it is', () => {
    const [file] = reportJson(reportOn([STORED, REVIEW[0]!]), new Date(0)).files as object[];
    expect(file).to.deep.equal({
      id: 'id-0',
      name: 'a.jpg',
      path: 'old',
      size: 10,
      status: 'needs_review',
      code: 'name_unreadable',
      message: 'The name says nothing.',
      drive_url: 'https://drive.google.com/open?id=id-0',
      s3_url: null,
      kind: 'photo',
      relaxed_reading: null,
    });
  });

  it('says what to do, also about a reason that it does not know', () => {
    const record = fileRecord({ status: 'failed' });
    const report = reportOn([...REVIEW, { ...record, error: errorOf(record, 'constructor', 'odd.') }]);
    expect(
      [...report.reasons.values()]
        .map(({ advice }) => advice.text)
        .every(text => text.includes('migrator resume') || /leave it out/.test(text)),
    ).to.equal(true);
    expect([...report.reasons.values()].at(-1)!.advice.title).to.equal('constructor');
  });

  it('has a time for what is in S3 and for nothing else', () => {
    const times = [
      STORED,
      fileRecord({ id: 'set back', storedAt: STORED.storedAt, status: 'pending' }),
      { ...STORED, id: 'older', storedAt: undefined },
      { ...STORED, id: 'by hand', storedAt: 'yesterday' },
    ];
    const { sessions } = reportOn(times).timeline!;
    expect(sessions).to.have.length(1);
    expect(sessions[0]).to.include({ files: 1, bytes: 100, startMs: Date.parse(STORED.storedAt!) });
    expect(reportOn(REVIEW).timeline).to.equal(null);
  });

  it('has no address for an object that is not https', () => {
    const url = 'javascript:alert(1)';
    expect(reportOn([{ ...STORED, url }]).files[0]!.url).to.equal('');
  });
});
