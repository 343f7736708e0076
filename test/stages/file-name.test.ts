import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileTypeOf, type Naming, readName } from '../../stages/file-name.ts';
import { projectRoot } from '../project-root.ts';

const NAMINGS: readonly Naming[] = ['strict', 'relaxed'];

function read(name: string, naming: Naming, more: { maxRange?: number; prefixes?: boolean } = {}) {
  return readName(name, { naming, maxRange: 100, prefixes: false, ...more });
}

/** The ids, joined by commas, or `-`: as the table writes a reading. */
function idsOf(name: string, naming: Naming): string {
  const reading = read(name, naming);
  return 'problem' in reading ? '-' : reading.sequentialIds.join(',');
}

function problemOf(name: string, naming: Naming, maxRange?: number): string | null {
  const reading = read(name, naming, { maxRange: maxRange ?? 100 });
  return 'problem' in reading ? reading.problem.code : null;
}

/** Name, what it means strictly, and relaxed. */
const TABLE = readFileSync(join(projectRoot(), 'test/fixtures/filenames.tsv'), 'utf8')
  .split('\n')
  .slice(1)
  .flatMap(line => (line === '' ? [] : [line.split('\t')]));

/** More names of the kinds in the table; between bars, and with what they mean under relaxed rules. */
const READABLE =
  '6000-6001a.jpg = 6000,6001 | 6000-6001-ק.jpg = 6000,6001 | 3826ABC.jpg = 3826 | 3826é.jpg = 3826 | ' +
  '131-Ab2.avi = 131 | 1885-ק (2).jpg = 1885 | 5287 - Copy.jpg = 5287 | ' +
  '5287 - Copy - Copy.jpg = 5287 | 6000-6001 (1).jpg = 6000,6001 | 5049  a.jpeg = 5049 | ' +
  '4394+4395+4396.mp4 = 4394,4395,4396 | 4395+4394.mp4 = 4395,4394 | ' +
  '4394,4395+4396.mp4 = 4394,4395,4396 | 4394a, 4395 b.mp4 = 4394,4395 | 4394 12a.mp4 = 4394 | ' +
  '4290.JFIF = 4290 | \u200e6610.jpg = 6610 | 66\u200b10.jpg = 6610 | \ufeff6610.jpg = 6610';
const REFUSED =
  '2147483648.png | 9007199254740993.jpg | 2147483646-2147483648.jpg | 6001-6000-A.jpg | ' +
  '6000-6001-6002-A.jpg | 1540-A-B.jpg | 1540--A.jpg | 4394+.mp4 | 4394-4396+4400.mp4 | ' +
  '4394+99999999999.mp4 | 4394;4395.mp4 | 4394 123a.mp4 | 4394&4395.mp4 | 4394 and 4395.mp4 | ' +
  '4394 4395.mp4 | 4394–4395.mp4 | 4394_4395.mp4 | 4394-٤٣٩٥.mp4 | ٤٣٩٤.mp4 | 1e3.jpg | 1.5.jpg | ' +
  '771.heic | 771.mp4. | Copy of 6602.jpg | constructor | 1.__proto__';

const MORE = [
  ['0.jpg', '0', '0'],
  ['0001-0003.jpg', '1,2,3', '1,2,3'],
  ...READABLE.split(' | ').map(text => text.replace(' = ', ' = - = ').split(' = ')),
  ...REFUSED.split(' | ').map(name => [name, '-', '-']),
];

describe('The name of a file', () => {
  for (const [name = '', strict = '', relaxed = ''] of [...TABLE, ...MORE]) {
    it(`${JSON.stringify(name)} is read as ${strict} strictly and ${relaxed} relaxed`, () => {
      expect([idsOf(name, 'strict'), idsOf(name, 'relaxed')]).to.deep.equal([strict, relaxed]);
    });
  }

  it('tells its pattern: single, multiple, range or list', () => {
    const patternOf = (name: string) => {
      const reading = read(name, 'relaxed');
      return 'problem' in reading ? reading.problem.code : reading.pattern;
    };
    for (const [pattern, names] of Object.entries({
      single: ['6602.jpg', '6602 (1).jpg'],
      multiple: ['6602a.jpg', '6602-A.jpg', '6602 a.jpg'],
      range: ['6000-6001.jpg', '6000-6000.jpg', '6000-6001-A.jpg'],
      list: ['6000+6001.jpg'],
    }))
      expect(names.map(patternOf), pattern).to.deep.equal(names.map(() => pattern));
  });

  it('tells type and content type by the extension in any case', () => {
    const expected =
      'jpg image/jpeg, JPEG image/jpeg, png image/png, Gif image/gif, jfif image/jpeg, ' +
      'mp4 video/mp4, MOV video/quicktime, avi video/x-msvideo, wmv video/x-ms-wmv';
    for (const line of expected.split(', ')) {
      const [extension, contentType = ''] = line.split(' ');
      const type = contentType.startsWith('image') ? 'IMAGE' : 'VIDEO';
      expect(read(`1.${extension}`, 'relaxed'), extension).to.include({ type, contentType });
    }
  });

  it('that cannot be read says why, in a code for scripts and a sentence for people', () => {
    for (const [code, names] of Object.entries({
      no_extension: ['6602', ''],
      unsupported_extension: ['6602.pdf', '6602.jfif'],
      name_unreadable: ['photo.jpg', '6602.a.jpg', 'E6602.jpg'],
      range_backwards: ['6001-6000.jpg'],
      range_too_wide: ['1-99999.jpg'],
      id_too_large: ['99999999999999999999.jpg'],
    }))
      expect(
        names.map(name => problemOf(name, 'strict')),
        code,
      ).to.deep.equal(names.map(() => code));
    const message = (name: string) => {
      const reading = read(name, 'strict');
      return 'problem' in reading ? reading.problem.message : '';
    };
    expect(message('photo.jpg')).to.contain('--naming relaxed');
    expect(message('99999999999999999999.jpg'), 'every digit').to.contain('99999999999999999999 ');
  });

  it('with a slash, a control character or half a character is unsafe under both namings', () => {
    for (const naming of NAMINGS) {
      for (const name of ['66/02.jpg', '6602\n.jpg', '6602\u0000.jpg', '6602\u007f.jpg', '6602\ud800.jpg']) {
        expect(problemOf(name, naming), JSON.stringify(name)).to.equal('unsafe_name');
      }
    }
  });

  it('may name as many observations as max_range allows, and not one more', () => {
    expect(problemOf('1-100.jpg', 'strict', 100)).to.equal(null);
    expect(problemOf('1-101.jpg', 'strict', 100)).to.equal('range_too_wide');
    expect(problemOf('1+2+3.jpg', 'relaxed', 3)).to.equal(null);
    expect(problemOf('1+2+3.jpg', 'relaxed', 2)).to.equal('range_too_wide');
  });
});

describe('A leading letter', () => {
  it('is the prefix when prefix rules are on', () => {
    for (const naming of NAMINGS) {
      expect(read('E6602.jpg', naming, { prefixes: true })).to.deep.equal({
        pattern: 'single',
        sequentialIds: [6602],
        prefix: 'E',
        type: 'IMAGE',
        contentType: 'image/jpeg',
      });
    }
    expect(read('S6000-6001.jpg', 'strict', { prefixes: true })).to.deep.include({
      prefix: 'S',
      sequentialIds: [6000, 6001],
    });
    expect(read('\u200fE6602-ק.jpg', 'relaxed', { prefixes: true })).to.deep.include({
      prefix: 'E',
      sequentialIds: [6602],
    });
    expect(read('א6602.jpg', 'strict', { prefixes: true })).to.include({ prefix: 'א' });
  });

  it('that is missing is the empty prefix when prefix rules are on, and no prefix at all otherwise', () => {
    expect(read('6602.jpg', 'strict', { prefixes: true })).to.have.property('prefix', '');
    expect(read('6602.jpg', 'strict')).not.to.have.property('prefix');
  });

  it('is one letter only', () => {
    for (const naming of NAMINGS) {
      for (const name of ['EG6602.jpg', 'E.jpg', 'E-6602.jpg', '_6602.jpg']) {
        expect(read(name, naming, { prefixes: true }), name).to.have.property('problem');
      }
    }
  });
});

describe('The media type of a file whose ids a person wrote down', () => {
  it('comes from the extension, else from the MIME type, else there is none', () => {
    expect(fileTypeOf('photo.PNG', 'video/mp4')).to.deep.equal({ type: 'IMAGE', contentType: 'image/png' });
    expect(fileTypeOf('photo.heic', 'image/heif')).to.deep.equal({
      type: 'IMAGE',
      contentType: 'image/heif',
    });
    expect(fileTypeOf('film', 'video/webm')).to.deep.equal({ type: 'VIDEO', contentType: 'video/webm' });
    expect(fileTypeOf('paper.pdf', 'application/pdf')).to.equal(null);
    expect(fileTypeOf('paper.constructor')).to.equal(null);
  });
});
