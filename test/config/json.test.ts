import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { JsonError, parseJson, readJson } from '../../src/config/json.ts';
import { rejection, scratchFolder } from './scratch.ts';

describe('reading JSON', () => {
  for (const [text, line, column, expected] of [
    ['', 1, 1, 'a value, found the end of the file'],
    ['{"a": 1,}', 1, 9, 'a name in double quotes, found "}"'],
    ['{\n  a: 1\n}', 2, 3, 'a value or a name in double quotes, found "a"'],
    ['{"a" 1}', 1, 6, '":", found "1"'],
    ['{"a": 1\n "b": 2}', 2, 2, '",", found "\\""'],
    ['[1, 2', 1, 6, '"," or "]", found the end of the file'],
    ['[1,]', 1, 4, 'a value, found "]"'],
    ['{"a": "b\n"}', 1, 7, 'text that ends with a double quote on the same line, found "\\""'],
    ["{'a': hunter2}", 1, 2, 'a value or a name in double quotes, found "\'"'],
    ['"\u0001"', 1, 1, 'valid JSON, found "\\""'],
  ] as const) {
    it(`finds the error in ${JSON.stringify(text)}`, () => {
      expect(() => parseJson(text))
        .to.throw(JsonError, `line ${line}, column ${column}: expected ${expected}`)
        .and.to.include({ line, column });
    });
  }

  for (const [name, encoded] of [
    ['with a byte order mark', Buffer.from('\ufeff{"a": "é"}', 'utf16le')],
    ['without one', Buffer.from('{}', 'utf16le')],
    ['big-endian', Buffer.from('\ufeff{}', 'utf16le').swap16()],
  ] as const) {
    it(`says so of a file in UTF-16, ${name}`, async () => {
      const scratch = await scratchFolder();
      const path = join(scratch.folder, 'x.json');
      await writeFile(path, encoded);
      const error = await rejection(readJson(path)).finally(() => scratch.remove());
      expect(error).to.be.instanceOf(JsonError);
      expect(error.message).to.contain('UTF-16').and.to.contain('PowerShell');
    });
  }

  it('finds a fault in every text that JSON.parse refuses', () => {
    const damaged = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', '"', 'x', '\n', '1', ':'))
      .map(([text, at, insert]) => text.slice(0, at % (text.length + 1)) + insert);
    fc.assert(
      fc.property(damaged, text => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (valid) expect(parseJson(text)).to.deep.equal(JSON.parse(text));
        else expect(() => parseJson(text)).to.throw(JsonError);
      }),
    );
  });
});
