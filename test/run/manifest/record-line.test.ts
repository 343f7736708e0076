import { expect } from 'chai';
import fc from 'fast-check';
import { BadLine, lineOf, parseRecord } from '../../../src/run/manifest/record-line.ts';
import { anyRecords } from '../../stages/flow.ts';

function fault(line: string): BadLine {
  try {
    parseRecord(line, 'list.ndjson', 7);
  } catch (error) {
    if (error instanceof BadLine) return error;
    throw error;
  }
  throw new Error(`accepted: ${line}`);
}

const withField = (field: string, value: unknown) => JSON.stringify({ id: 'a', name: 'b', [field]: value });

describe('A line of a manifest', () => {
  it('gives back the record that it was made of, whatever that holds', () => {
    fc.assert(
      fc.property(anyRecords(), records => {
        for (const record of records) {
          const line = lineOf(record);
          expect(line.indexOf('\n')).to.equal(line.length - 1);
          expect(lineOf(parseRecord(line, 'x', 1))).to.equal(line);
        }
      }),
    );
  });

  it('may have fields of its own, and may lack everything but id and name', () => {
    expect(parseRecord('{"id":"a","name":"","note":{"x":[1]}}', 'x', 1)).to.deep.equal({
      id: 'a',
      name: '',
      note: { x: [1] },
      status: 'pending',
    });
  });

  for (const [field, value] of [
    ['path', 1],
    ['size', -1],
    ['size', '3'],
    ['size', 1.5],
    ['md5', 'xyz'],
    ['md5', ['a'.repeat(32)]],
    ['sequentialIds', 6602],
    ['sequentialIds', ['6602']],
    ['sequentialIds', [1.5]],
    ['sequentialIds', [-1]],
    ['type', 'AUDIO'],
    ['observations', [{ id: 'a' }]],
    ['observations', ['a']],
    ['observations', { id: 'a', sequentialId: 1 }],
    ['missing', [null]],
    ['key', 7],
    ['url', null],
    ['media', [{ id: 'a' }]],
    ['status', 'finished'],
    ['status', null],
    ['error', 'broken'],
    ['verified', 'sha1'],
  ] as const) {
    it(`is refused when "${field}" is ${JSON.stringify(value)}, saying what was found and what is accepted`, () => {
      const error = fault(withField(field, value));
      expect(error.message).to.contain(
        `list.ndjson, line 7, column 1: "${field}" is ${JSON.stringify(value)}, accepted is `,
      );
    });
  }

  it('is refused without an id or a name that is text', () => {
    for (const line of ['{"name":"b"}', '{"id":"","name":"b"}', '{"id":1,"name":"b"}']) {
      expect(fault(line).message).to.contain('"id"');
    }
    for (const line of ['{"id":"a"}', '{"id":"a","name":1}'])
      expect(fault(line).message).to.contain('"name"');
  });

  it('is refused with the column where it stops being JSON', () => {
    expect(fault('{"id":"a",}').message).to.contain('column 11:');
    expect(fault('{"id":"a" "name":"b"}').message).to.contain('column 11:');
    expect(fault('{"id":"a"').message).to.contain('the end of the line');
    expect(fault('hello').message).to.contain('column 1:');
  });
});
