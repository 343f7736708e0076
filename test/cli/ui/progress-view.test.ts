import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { ProgressView } from '../../../src/cli/ui/progress-view.ts';
import { RunEvents } from '../../../src/run/events.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';

/** What the real command draws on a real terminal is tested in test/e2e/progress.test.ts. */
describe('The progress view', () => {
  let view: ProgressView;
  let events: RunEvents;
  let written: string;
  let nowMs: number;

  const open = (isTTY: boolean, env: Record<string, string> = {}) => {
    events = new RunEvents();
    written = '';
    nowMs = 0;
    view = new ProgressView({
      events,
      transfer: {
        concurrency: 2,
        queriesPerSecond: () => 10,
        mostQueriesPerSecond: 10,
        bytesPerSecondLimit: () => null,
      },
      screen: {
        isTTY,
        columns: 100,
        rows: 12,
        on: () => {},
        off: () => {},
        write: (text: string) => {
          written += text;
        },
      },
      now: () => nowMs,
      env,
    });
  };
  /** The picture as it was drawn last. */
  const drawn = () => {
    written = '';
    view.draw();
    return stripVTControlCharacters(written);
  };
  const files = (...ids: string[]) => ids.map(id => fileRecord({ id, name: `${id}.jpg`, size: 100 }));
  afterEach(() => view.stop());

  it('keeps a file on its line while others come and go', () => {
    open(true);
    const [a, b, c] = files('a', 'b', 'c') as [FileRecord, FileRecord, FileRecord];
    const lines = () => [...drawn().matchAll(/^[·↓↑].*/gm)].map(([line]) => line.trim().split(' ').at(-1));
    events.emit('transferStarted', a);
    events.emit('transferStarted', b);
    expect(lines()).to.deep.equal(['a.jpg', 'b.jpg']);
    events.emit('transferEnded', a);
    expect(lines()).to.deep.equal(['·', 'b.jpg']);
    events.emit('transferStarted', c);
    expect(lines()).to.deep.equal(['c.jpg', 'b.jpg']);
  });

  it('takes back the bytes of an attempt that failed, and counts those of files that are there', () => {
    open(true);
    const [a, b] = files('a', 'b') as [FileRecord, FileRecord];
    for (const record of [a, b]) events.emit('listed', record, false);
    expect(drawn()).to.include('0 % · 0/2+ files · 0 B/200 B+');
    events.emit('allListed');
    for (const record of [a, b]) events.emit('planned', record);
    for (const record of [a, b]) events.emit('transferStarted', record);
    events.emit('bytesRead', a, 40);
    events.emit('bytesRead', b, 100);
    expect(drawn()).to.include('70 % · 0/2 files · 140 B/200 B');
    events.emit('transferRetried', a);
    expect(drawn()).to.include('50 % · 0/2 files · 100 B/200 B');
    events.emit('transferEnded', b);
    events.emit('finished', { ...b, status: 'completed' });
    events.emit('finished', { ...a, status: 'failed' });
    expect(drawn()).to.include('100 % · 2/2 files · 200 B/200 B');
  });

  it('says how long no byte has come', () => {
    open(true);
    const [record] = files('a') as [FileRecord];
    events.emit('transferStarted', record);
    events.emit('bytesRead', record, 1);
    drawn();
    nowMs = 9_000;
    expect(drawn()).not.to.include('no data');
    nowMs = 12_000;
    expect(drawn()).to.include('no data for 12 s');
  });

  for (const [isTTY, env] of [
    [false, {}],
    [true, { CI: '1' }],
  ] as const) {
    it(`draws nothing where ${isTTY ? JSON.stringify(env) : 'there is no terminal'}`, () => {
      open(isTTY, env);
      view.say('Warning: here');
      view.stop();
      expect(written).to.equal('Warning: here\n');
    });
  }
});
