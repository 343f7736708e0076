import { expect } from 'chai';
import { type Cell, csvLines } from '../../../src/run/text/csv.ts';
import { all } from '../../stages/flow.ts';

const columnsOf = (...names: string[]) =>
  Object.fromEntries(names.map((name, index) => [name, (row: readonly Cell[]) => row[index]]));
const rowOf = async (...cells: Cell[]) =>
  (await all(csvLines(columnsOf(...cells.map((_, index) => `c${index}`)), [cells])))[1];

describe('A table in CSV', () => {
  it('begins with a byte order mark and its header, and has one line a row', async () => {
    const rows = async function* () {
      yield ['1', 2];
      yield ['ק', null];
    };
    expect(await all(csvLines(columnsOf('name', 'files'), rows()))).to.deep.equal([
      '\uFEFFname,files\r\n',
      '1,2\r\n',
      'ק,\r\n',
    ]);
  });

  it('ends its header as it ends its rows, also when it has none', async () => {
    expect(await all(csvLines(columnsOf('name', 'files'), []))).to.deep.equal(['\uFEFFname,files\r\n']);
  });

  it('quotes what would end a cell, and spells out control characters, line ends among them', async () => {
    expect(await rowOf('a,b', 'say "x"', 'a\r\nb\tc\u001b\u009b', undefined, true)).to.equal(
      '"a,b","say ""x""",a\\u000d\\u000ab\\u0009c\\u001b\\u009b,,true\r\n',
    );
  });

  it('has no text that a spreadsheet would take for a formula', async () => {
    const texts = ['=1+1', '+1', '-1', '@SUM(A1)', '=HYPERLINK("x")'];
    expect(await rowOf(...texts)).to.equal(`'=1+1,'+1,'-1,'@SUM(A1),"'=HYPERLINK(""x"")"\r\n`);
    expect(await rowOf(-1)).to.equal('-1\r\n');
  });

  it('has no formula behind what may be a separator elsewhere', async () => {
    expect(await rowOf('6602;=1+1;y.jpg', 'a|@b', ' =1', '\uff1d1', 'a-b=c;d')).to.equal(
      `"6602;'=1+1;y.jpg","a|'@b","' =1",'\uff1d1,"a-b=c;d"\r\n`,
    );
  });

  it('quotes a cell that a space would cut before a formula, and leaves its text as it is', async () => {
    expect(await rowOf('6602 =1+1 y.jpg', '6602 - Copy.jpg', '6602 (1).jpg')).to.equal(
      '"6602 =1+1 y.jpg","6602 - Copy.jpg",6602 (1).jpg\r\n',
    );
  });

  it('has no text that a spreadsheet would change into a number or a date', async () => {
    const texts = ['00042', '12345678901234567890', '1e5', '1-2', '2021-01-02', '1/2'];
    expect(await rowOf(...texts)).to.equal(`${texts.map(text => `'${text}`).join(',')}\r\n`);
    const harmless = ['6602', '6000-6001', '0', '00042.jpg', '6602a', '1b2c'];
    expect(await rowOf(...harmless)).to.equal(`${harmless.join(',')}\r\n`);
    expect(await rowOf(123456789012345)).to.equal('123456789012345\r\n');
  });
});
