import { expect } from 'chai';
import {
  csvOf,
  fileSearch,
  filesIn,
  hiddenCharacters,
  type PageData,
  spelledOut,
} from '../../../src/results/report/page-files.ts';
import { sortedBy } from '../../../src/results/report/page-table.ts';

const status = (code: string) => ({
  code,
  title: code,
  isDone: code === 'completed',
  needsAttention: code !== 'completed',
});
const folder = (path: string) => ({ path, files: 2, bytes: 0, attention: 0, statuses: [] });
const DATA: PageData = {
  version: null,
  csvName: 'files.csv',
  statuses: ['completed', 'failed', 'orphan'].map(status),
  reasons: {
    'failed download_broken': 'The download broke',
    'orphan no_observation': 'No observation has this id',
  },
  texts: [
    '',
    '1-500',
    'חורף',
    'completed',
    'failed',
    'orphan',
    'failed download_broken',
    'orphan no_observation',
    'ECONNRESET',
    'There is none.',
    'photo',
    'video',
  ],
  folders: ['1-500', 'חורף'].map(folder),
  files: [
    ['id-a', '6602.JPG', 1, '', '', 1, 3, 0, 0, 10],
    ['id-b', '6603.jpg', 1, '', '', 1, 4, 6, 8, 10],
    ['id-c', 'cafe\u0301 1.jpg', 1, '', '=1', 2, 5, 7, 9, 10],
    ['id-d', '6602.mov', null, '', '', 2, 4, 0, 0, 11],
  ],
};
const found = (asked: Partial<Parameters<ReturnType<typeof fileSearch>>[0]>) =>
  filesIn(DATA)
    .filter(fileSearch()({ search: '', status: 'all', reason: 'all', kind: 'all', folder: null, ...asked }))
    .map(({ id }) => id);

describe('Search in a report', () => {
  it('finds every word somewhere in name, folder, id, reason or message, in any case and spelling', () => {
    expect(found({ search: '6602' })).to.deep.equal(['id-a', 'id-d']);
    expect(found({ search: '6602  JPG' })).to.deep.equal(['id-a']);
    expect(found({ search: 'חורף' })).to.deep.equal(['id-c', 'id-d']);
    expect(found({ search: 'ID-B' })).to.deep.equal(['id-b']);
    expect(found({ search: 'econnreset' })).to.deep.equal(['id-b']);
    expect(found({ search: 'observation' })).to.deep.equal(['id-c']);
    expect(found({ search: 'CAFÉ' })).to.deep.equal(['id-c']);
    expect(found({ search: 'nowhere' })).to.deep.equal([]);
  });

  it('keeps to status, reason and folder', () => {
    expect(found({})).to.have.length(4);
    expect(found({ status: 'attention' })).to.deep.equal(['id-b', 'id-c', 'id-d']);
    expect(found({ status: 'failed' })).to.deep.equal(['id-b', 'id-d']);
    expect(found({ kind: 'video' })).to.deep.equal(['id-d']);
    expect(found({ reason: 'orphan no_observation' })).to.deep.equal(['id-c']);
    expect(found({ status: 'attention', folder: 'חורף', search: 'jpg' })).to.deep.equal(['id-c']);
  });
});

describe('The CSV of a report', () => {
  it('has status, folder, file, reason and link first, and no formula', () => {
    const file = ['id', '=cmd|"x"\u202e.jpg', 1, '', '1-2', 1, 4, 6, 0, 10] as const;
    const [head, row] = csvOf(filesIn({ ...DATA, files: [file] })).split('\r\n');
    expect(head).to.match(/^\uFEFFstatus,folder,file,reason,link,/);
    expect(row).to.equal(
      `"failed","1-500","'=cmd|""x""\\u202e.jpg","The download broke","https://drive.google.com/open?id=id","'1-2","photo",1,"","id"`,
    );
  });
});

describe('Sorting in a report', () => {
  it('sorts names as people count, and keeps the order of equal ones', () => {
    const names = ['10.jpg', '9.jpg', 'b.jpg', 'A.jpg', '9.JPG'];
    expect(sortedBy(names, name => name, false)).to.deep.equal([
      '9.jpg',
      '9.JPG',
      '10.jpg',
      'A.jpg',
      'b.jpg',
    ]);
    expect(sortedBy(names, name => name, true)).to.deep.equal(['b.jpg', 'A.jpg', '10.jpg', '9.jpg', '9.JPG']);
  });

  it('sorts numbers by size', () => {
    const rows = [5, 1000, 30];
    expect(sortedBy(rows, row => row, true)).to.deep.equal([1000, 30, 5]);
  });
});

describe('Characters that cannot be seen', () => {
  it('are named, and spelled out where they stand', () => {
    expect(hiddenCharacters('6602.jpg')).to.equal(null);
    expect(hiddenCharacters('ק 1.jpg')).to.equal(null);
    expect(spelledOut('ab\u202egpj\u2067\n.jpg')).to.equal('ab\\u202egpj\\u2067\\u000a.jpg');
    // A word in Persian, and one emoji of two.
    for (const name of ['צילום חורף.jpg', 'صورة.jpg', 'می\u200cخواهم', '👩\u200d🌾'])
      expect(spelledOut(name)).to.equal(name);
    expect(hiddenCharacters('\u200f66\u200f10\n.jpg')).to.equal('hidden: U+200F, U+000A');
  });
});
