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
  kinds: ['photo', 'video', 'other'],
  reasons: [
    { name: 'failed download_broken', title: 'The download broke' },
    { name: 'orphan no_observation', title: 'No observation has this id' },
  ],
  messages: ['ECONNRESET', 'There is none.'],
  folders: ['1-500', 'חורף'].map(folder),
  files: [
    ['id-a', '6602.JPG', 0, 1, 0, -1, -1, '', 0, ''],
    ['id-b', '6603.jpg', 0, 1, 1, 0, 0, '', 0, ''],
    ['id-c', 'cafe\u0301 1.jpg', 1, 1, 2, 1, 1, '', 0, '=1'],
    ['id-d', '6602.mov', 1, null, 1, -1, -1, '', 1, ''],
  ],
};
const found = (asked: Partial<Parameters<ReturnType<typeof fileSearch>>[0]>) =>
  filesIn(DATA)
    .filter(fileSearch()({ text: '', status: 'all', reason: 'all', kind: 'all', folder: null, ...asked }))
    .map(({ id }) => id);

describe('Search in a report', () => {
  it('finds every word somewhere in name, folder, id, reason or message, in any case and spelling', () => {
    expect(found({ text: '6602' })).to.deep.equal(['id-a', 'id-d']);
    expect(found({ text: '6602  JPG' })).to.deep.equal(['id-a']);
    expect(found({ text: 'חורף' })).to.deep.equal(['id-c', 'id-d']);
    expect(found({ text: 'ID-B' })).to.deep.equal(['id-b']);
    expect(found({ text: 'econnreset' })).to.deep.equal(['id-b']);
    expect(found({ text: 'observation' })).to.deep.equal(['id-c']);
    expect(found({ text: 'CAFÉ' })).to.deep.equal(['id-c']);
    expect(found({ text: 'nowhere' })).to.deep.equal([]);
  });

  it('keeps to status, reason and folder', () => {
    expect(found({})).to.have.length(4);
    expect(found({ status: 'attention' })).to.deep.equal(['id-b', 'id-c', 'id-d']);
    expect(found({ status: 'failed' })).to.deep.equal(['id-b', 'id-d']);
    expect(found({ kind: 'video' })).to.deep.equal(['id-d']);
    expect(found({ reason: 'orphan no_observation' })).to.deep.equal(['id-c']);
    expect(found({ status: 'attention', folder: 'חורף', text: 'jpg' })).to.deep.equal(['id-c']);
  });
});

describe('The CSV of a report', () => {
  it('has status, folder, file, reason and link first, and no formula', () => {
    const file = ['id', '=cmd|"x"\u202e.jpg', 0, 1, 1, 0, -1, '', 0, '1-2'] as const;
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
