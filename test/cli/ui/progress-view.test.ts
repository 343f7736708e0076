import headless from '@xterm/headless';
import { expect } from 'chai';
import { ProgressView } from '../../../src/cli/ui/progress-view.ts';
import { RunEvents } from '../../../src/run/events.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';

/** A terminal, or none, as a person sees it. */
class TestScreen {
  readonly isTTY: boolean;
  columns = 100;
  rows = 12;
  written = '';
  readonly #terminal = new headless.Terminal({
    cols: 100,
    rows: 12,
    allowProposedApi: true,
    convertEol: true,
  });
  #seen: Promise<void> = Promise.resolve();
  #onResize = () => {};

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.written += text;
    this.#seen = new Promise(resolve => this.#terminal.write(text, resolve));
  }

  on(_event: 'resize', listener: () => void): void {
    this.#onResize = listener;
  }

  off(): void {
    this.#onResize = () => {};
  }

  resize(columns: number): void {
    this.columns = columns;
    this.#terminal.resize(columns, this.rows);
    this.#onResize();
  }

  /** All lines, scrolled-off ones included. */
  async lines(): Promise<string[]> {
    await this.#seen;
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) =>
      active.getLine(row)!.translateToString(true),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }
}

describe('The progress view', () => {
  let view: ProgressView;
  let screen: TestScreen;
  let events: RunEvents;
  const clock = { ms: 0 };
  const queries = { allowed: 10 };

  const open = (isTTY: boolean, env: Record<string, string> = {}) => {
    screen = new TestScreen(isTTY);
    events = new RunEvents();
    clock.ms = 0;
    queries.allowed = 10;
    view = new ProgressView({
      transfer: {
        concurrency: 2,
        queriesPerSecond: () => queries.allowed,
        mostQueriesPerSecond: 10,
        bytesPerSecondLimit: () => null,
      },
      screen,
      now: () => clock.ms,
      env,
    });
    view.follow(events);
  };
  const drawn = async () => {
    view.draw();
    return (await screen.lines()).join('\n');
  };
  const files = (...ids: string[]) => ids.map(id => fileRecord({ id, name: `${id}.jpg`, size: 100 }));
  const list = (records: FileRecord[]) => {
    for (const record of records) events.emit('listed', record, false);
    events.emit('allListed');
    for (const record of records) events.emit('planned', record);
  };
  afterEach(() => view.stop());

  it('shows what is being transferred, and counts files, bytes and percent of the same files', async () => {
    open(true);
    const [a, b] = files('a', 'b') as [FileRecord, FileRecord];
    events.emit('listed', a, false);
    events.emit('listed', b, false);
    expect(await drawn()).to.include('0 % · 0/2+ files · 0 B/200 B+');
    events.emit('allListed');
    for (const record of [a, b]) events.emit('planned', record);
    for (const record of [a, b]) events.emit('transferStarted', record);
    events.emit('bytesRead', a, 40);
    events.emit('bytesRead', b, 100);
    expect(await drawn())
      .to.match(/↓ 40 % .*a\.jpg/)
      .and.to.match(/↑ .*b\.jpg/)
      .and.to.include('70 % · 0/2 files · 140 B/200 B')
      .and.to.include('2 of 2 workers busy');
    events.emit('transferRetried', a);
    expect(await drawn())
      .to.match(/· .*a\.jpg/)
      .and.to.include('50 % · 0/2 files · 100 B/200 B');
    events.emit('transferEnded', b);
    events.emit('linkStarted', [b]);
    expect(await drawn())
      .to.include('→ link  1 file, like b.jpg')
      .and.to.include('100 B/200 B');
    events.emit('linkEnded', [b]);
    events.emit('finished', { ...b, status: 'completed' });
    events.emit('workersChanged', 1);
    queries.allowed = 5;
    expect(await drawn())
      .to.include('50 % · 1/2 files · 100 B/200 B')
      .and.to.include('1 completed')
      .and.to.include('1 of 1 worker busy (2 when not throttled)')
      .and.to.include('throttled by Drive: 5.0 of 10 queries/s')
      .and.not.to.include('link');
    events.emit('finished', { ...a, status: 'failed' });
    expect(await drawn()).to.include('100 % · 2/2 files · 200 B/200 B');
  });

  it('tells after a resume what this session has done from what the run has', async () => {
    open(true);
    const records = files('a', 'b', 'c');
    for (const record of records) events.emit('listed', record, record.id !== 'c');
    events.emit('allListed');
    for (const record of records.slice(0, 2)) events.emit('finished', { ...record, status: 'completed' });
    expect(await drawn()).to.include('66 % · this session 0 files, in all 2 of 3 · 200 B/300 B');
    events.emit('transferStarted', records[2]!);
    events.emit('transferEnded', records[2]!);
    events.emit('finished', { ...records[2]!, status: 'completed' });
    expect(await drawn()).to.include('100 % · this session 1 file, in all 3 of 3 · 300 B/300 B');
  });

  it('keeps a file on its line while others come and go', async () => {
    open(true);
    const records = files('a', 'b', 'c');
    const lines = async () =>
      [...(await drawn()).matchAll(/^[·↓↑].*/gm)].map(([line]) => line.trim().split(' ').at(-1));
    events.emit('transferStarted', records[0]!);
    events.emit('transferStarted', records[1]!);
    expect(await lines()).to.deep.equal(['a.jpg', 'b.jpg']);
    events.emit('transferEnded', records[0]!);
    expect(await lines()).to.deep.equal(['·', 'b.jpg']);
    events.emit('transferStarted', records[2]!);
    expect(await lines()).to.deep.equal(['c.jpg', 'b.jpg']);
  });

  it('says how long no byte has come', async () => {
    open(true);
    const [record] = files('a') as [FileRecord];
    events.emit('transferStarted', record);
    events.emit('bytesRead', record, 1);
    await drawn();
    clock.ms = 9_000;
    expect(await drawn()).not.to.include('no data');
    clock.ms = 12_000;
    expect(await drawn()).to.include('no data for 12 s');
    events.emit('bytesRead', record, 1);
    expect(await drawn()).not.to.include('no data');
  });

  it('is whole at every moment of a run with an outage, warnings and a resized window, and gone at the end', async () => {
    open(true);
    const records = files(...Array.from({ length: 30 }, (_, index) => `file-${index}`));
    list(records);
    const said: string[] = [];
    const look = async () => {
      const lines = (await drawn()).split('\n');
      const numbers = lines.findIndex(line => line.includes(' % · '));
      expect(lines.slice(0, said.length), 'what was said stays').to.deep.equal(said);
      expect(lines.filter(line => line.includes(' % · '))).to.have.length(1);
      expect(lines.slice(said.length, numbers).every(line => /^[·↓↑→]/.test(line))).to.equal(true);
      expect(lines.slice(numbers).join(' · ')).to.match(/of [12] workers? busy/);
      expect(lines.slice(numbers).length).to.be.at.most(3);
    };
    const say = async (text: string) => {
      view.say(text);
      said.push(text);
      await look();
    };
    await look();
    for (const [index, record] of records.entries()) {
      events.emit('transferStarted', record);
      await look();
      events.emit('bytesRead', record, 50);
      clock.ms += 500;
      await look();
      if (index === 10) {
        clock.ms += 30_000;
        await look();
        await say('Warning: Drive cannot be reached.');
        events.emit('transferRetried', record);
        events.emit('workersChanged', 1);
        await look();
      }
      if (index === 15) screen.resize(60);
      if (index === 20) screen.resize(120);
      events.emit('transferEnded', record);
      events.emit('linkStarted', [record]);
      await look();
      events.emit('linkEnded', [record]);
      events.emit('finished', { ...record, status: 'completed' });
    }
    await say('Warning: nearly done.');
    view.stop();
    expect(await screen.lines()).to.deep.equal(said);
    view.say('x'.repeat(300));
    expect(screen.written.endsWith(`${'x'.repeat(300)}\n`)).to.equal(true);
  });

  for (const [isTTY, env] of [
    [false, {}],
    [true, { TERM: 'dumb' }],
    [true, { CI: '1' }],
  ] as const) {
    it(`draws nothing where ${isTTY ? JSON.stringify(env) : 'there is no terminal'}`, () => {
      open(isTTY, env);
      screen.resize(50);
      view.say('Warning: here');
      view.stop();
      expect(screen.written).to.equal('Warning: here\n');
    });
  }
});
