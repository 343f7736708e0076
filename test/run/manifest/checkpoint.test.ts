import { expect } from 'chai';
import { checkpointOf } from '../../../src/run/manifest/checkpoint.ts';
import type { FileRecord, StageName } from '../../../stages/record.ts';
import { CASES, COMPLETED, errorOf, parsed, REVIEWED, resolved, transferred } from './checkpoint-cases.ts';

/** A manifest with this line, and the lines that are appended to it. */
function checkpointOn(own: FileRecord | null, stage: StageName, retryOrphans = false) {
  const appended: FileRecord[] = [];
  const line = (record: FileRecord | null | undefined) =>
    record ? (JSON.parse(JSON.stringify(record)) as FileRecord) : undefined;
  const manifest = {
    last: () => line(appended.at(-1) ?? own),
    append: (record: FileRecord) => void appended.push(record),
  };
  return { ...checkpointOf(manifest, { stage, retryOrphans }), appended };
}

describe('The checkpoint of a stage', () => {
  for (const [what, cases] of Object.entries(CASES)) {
    describe(what, () => {
      for (const [title, stage, incoming, own, expected, retryOrphans] of cases)
        it(title, () => {
          const { restore } = checkpointOn(own, stage, retryOrphans);
          expect(restore(incoming)).to.deep.equal(JSON.parse(JSON.stringify(expected)));
        });
    });
  }

  it('gives failed, partial and needs_review files another try; transfer sees that it is another one', () => {
    for (const status of ['failed', 'partial', 'needs_review'] as const) {
      const error = errorOf('transfer');
      const transfer = checkpointOn(resolved({ status, error }), 'transfer');
      expect(transfer.restore(resolved()), status).to.deep.equal(resolved({ error }));
      const link = checkpointOn(transferred({ status, error: errorOf('link') }), 'link');
      expect(link.restore(transferred()), status).to.deep.equal(transferred());
    }
  });

  it('continues with pending, downloaded and uploaded files', () => {
    for (const status of ['pending', 'downloaded', 'uploaded'] as const) {
      const own = transferred({ status });
      expect(checkpointOn(own, 'transfer').restore(resolved())).to.deep.equal(own);
    }
  });

  it('writes a record that says something new, once', async () => {
    const { save, appended } = checkpointOn(null, 'parse');
    for (const fields of [{}, { note: undefined }, { note: 'new' }, { note: 'new' }])
      await save(parsed(fields));
    expect(appended).to.deep.equal([parsed(), parsed({ note: 'new' })]);
  });

  it('does not write a record again that it has restored, or that an earlier stage stops again', async () => {
    for (const [stage, incoming, own] of [
      ['link', transferred(), COMPLETED],
      ['link', REVIEWED, { ...REVIEWED }],
      ['resolve', parsed(), resolved({ missing: [6602] })],
    ] as const) {
      const { restore, save, appended } = checkpointOn(own, stage);
      await save(restore(incoming));
      expect(appended).to.deep.equal([]);
    }
  });
});
