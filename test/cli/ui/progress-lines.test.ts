import { expect } from 'chai';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { progressLine, progressLines } from '../../../src/cli/ui/progress-lines.ts';
import type { Phase, ProgressFacts, Transfer } from '../../../src/run/progress/progress-facts.ts';
import { roughDuration } from '../../../src/run/text/format.ts';

const MIB = 1024 * 1024;

const FACTS: ProgressFacts = {
  filesDone: 1204,
  files: 20_000,
  sessionFiles: null,
  isTotal: true,
  bytes: { done: 14 * 1024 * MIB, all: 299 * 1024 * MIB, perSecond: 11.2 * MIB },
  secondsLeft: 22_320,
  bottleneck: null,
  silentSeconds: 0,
  workers: { busy: 2, allowed: 10, most: 10 },
  throttled: null,
  queriesPerSecond: 8,
  counts: { completed: 1201, failed: 3 },
};

const transfer = (fields: Partial<Transfer> = {}): Transfer => ({
  name: '6602.mp4',
  path: '6000-6999',
  size: 10 * MIB,
  bytesRead: 4.5 * MIB,
  phase: 'downloading',
  ...fields,
});

describe('The picture of the progress', () => {
  it('has a line for each worker, and the numbers below', () => {
    const slots = [
      transfer(),
      null,
      transfer({ phase: 'storing', name: '7.jpg' }),
      transfer({ phase: 'opening', bytesRead: 0 }),
    ];
    const lines = progressLines(FACTS, slots, { files: 25, example: '6600.jpg' }, { columns: 80, rows: 24 });
    expect(lines).to.deep.equal([
      '↓ 45 %   10.0 MiB  6000-6999/6602.mp4',
      '·',
      '↑        10.0 MiB  6000-6999/7.jpg',
      '·        10.0 MiB  6000-6999/6602.mp4',
      '→ link  25 files, like 6600.jpg',
      '█░░░░░░░░░░░░░░░░░░░░░░░  4 % · 1,204/20,000 files · 14.0 GiB/299 GiB',
      '11.2 MiB/s · 6 h 12 min left · 2 of 10 workers busy · 1,201 completed · 3 failed',
    ]);
  });

  it('has no bar, no sizes and short names where there is little room', () => {
    const lines = progressLines(FACTS, [transfer({ name: `${'x'.repeat(50)}.jpg` })], null, {
      columns: 39,
      rows: 24,
    });
    expect(lines[0]).to.equal(`↓ 45 %  ${'x'.repeat(30)}…`);
    expect(lines[1]).to.equal('4 % · 1,204/20,000 files');
  });

  it('says what slows it down', () => {
    const line = progressLine({
      ...FACTS,
      workers: { busy: 5, allowed: 5, most: 10 },
      throttled: { allowed: 2.5, most: 10 },
    });
    expect(line)
      .to.include('5 of 5 workers busy (10 when not throttled)')
      .and.to.include('throttled by Drive: 2.5 of 10 queries/s');
  });

  it('tells what this process has done from what the run has, after a resume', () => {
    const line = progressLine({ ...FACTS, sessionFiles: 101, filesDone: 237, files: 1500 });
    expect(line).to.match(/^this session 101 files, in all 237 of 1,500 · 14\.0 GiB\/299 GiB/);
  });

  it('says what limits the speed', () => {
    const left = (bottleneck: ProgressFacts['bottleneck']) => progressLine({ ...FACTS, bottleneck });
    expect(left('queries')).to.include("6 h 12 min left (limited by Drive's query rate)");
    expect(left('connection')).to.include('left (limited by the connection)');
    expect(left('s3')).to.include('left (limited by S3)');
  });

  it('does not promise an end while nothing comes', () => {
    const line = progressLine({ ...FACTS, silentSeconds: 42 });
    expect(line).to.include('no data for 42 s').and.not.to.include('left');
  });

  it('says "at least" and "+" while more files may come', () => {
    const line = progressLine({ ...FACTS, isTotal: false });
    expect(line)
      .to.include('1,204/20,000+ files')
      .and.to.include('299 GiB+')
      .and.to.include('at least 6 h 12 min left');
  });

  it('knows no bytes and no workers where none are bytesRead', () => {
    const facts = {
      ...FACTS,
      bytes: null,
      workers: null,
      secondsLeft: null,
      filesDone: 1,
      files: 1,
      counts: {},
    };
    expect(progressLine(facts)).to.equal('1/1 file');
  });

  it('leaves out workers for whom there is no row, and says how many', () => {
    const slots = Array.from({ length: 30 }, () => transfer());
    const lines = progressLines(FACTS, slots, null, { columns: 200, rows: 10 });
    expect(lines).to.have.length(10);
    expect(lines.filter(line => line.startsWith('↓'))).to.have.length(8);
    expect(lines[8]).to.equal('  and 22 more');
  });

  it('is never wider or higher than the terminal, and never holds what would move a cursor', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '写真'.repeat(60),
        '\u001b[2J\u202egpj.exe',
        'e\u0301'.repeat(90),
        '👩‍👩‍👧🇩🇪'.repeat(30),
        '\r\n',
      ),
    );
    const phase = fc.constantFrom<Phase>('opening', 'downloading', 'storing');
    const slot = fc.option(
      fc.record({ name, path: name, phase, size: fc.option(fc.nat()), bytesRead: fc.nat() }),
    );
    fc.assert(
      fc.property(
        fc.array(slot, { maxLength: 12 }),
        fc.option(name),
        fc.integer({ min: 10, max: 220 }),
        fc.integer({ min: 1, max: 50 }),
        (slots, example, columns, rows) => {
          const link = example === null ? null : { files: 3, example };
          const transfers = slots.map(fields => fields && transfer(fields as Partial<Transfer>));
          const lines = progressLines(FACTS, transfers, link, { columns, rows });
          expect(lines.length).to.be.at.most(rows);
          for (const line of lines) {
            expect(stringWidth(line), line).to.be.at.most(columns);
            expect(line).not.to.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          }
        },
      ),
    );
  });
});

describe('A rough duration', () => {
  for (const [seconds, text] of [
    [0, '1 s'],
    [7.2, '8 s'],
    [59, '59 s'],
    [61, '1 min 10 s'],
    [120, '2 min'],
    [599, '10 min'],
    [3599, '1 h 0 min'],
    [22_320, '6 h 12 min'],
  ] as const) {
    it(`of ${seconds} seconds is ${text}`, () => expect(roughDuration(seconds)).to.equal(text));
  }
});
