import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { ProgressView, type Screen } from '../../../src/cli/ui/progress-view.ts';
import { fileRecord } from '../../stages/flow.ts';

/** A terminal, or none, that remembers what was written. */
class FakeScreen implements Screen {
  readonly isTTY: boolean;
  columns = 100;
  rows = 24;
  written = '';
  #resized = () => {};

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.written += text;
    return true;
  }

  on(_event: 'resize', listener: () => void): void {
    this.#resized = listener;
  }

  off(): void {
    this.#resized = () => {};
  }

  become(columns: number): void {
    this.columns = columns;
    this.#resized();
  }

  take(): string {
    const text = this.written;
    this.written = '';
    return text;
  }
}

describe('The progress view', () => {
  let view: ProgressView;
  let screen: FakeScreen;
  const clock = { ms: 0 };
  const queries = { allowed: 10 };

  const open = async (isTTY: boolean, env: Record<string, string> = {}) => {
    screen = new FakeScreen(isTTY);
    clock.ms = 0;
    queries.allowed = 10;
    view = await ProgressView.start({
      transfer: { concurrency: 2, queriesPerSecond: () => queries.allowed, mostQueriesPerSecond: 10 },
      screen,
      now: () => clock.ms,
      env,
    });
    return view;
  };
  /** What is drawn at this moment. */
  const drawn = () => {
    screen.take();
    screen.become(screen.columns === 100 ? 101 : 100);
    return stripVTControlCharacters(screen.take());
  };
  afterEach(() => view.stop());

  it('counts workers as busy until S3 has answered', async () => {
    await open(true);
    const files = ['a', 'b'].map(id => fileRecord({ id, name: `${id}.jpg`, size: 100 }));
    for (const record of files) {
      view.listed(record);
      view.planned(record);
      view.started(record);
      view.moved(record, 100);
    }
    expect(drawn()).to.include('2 of 2 workers busy');
    view.ended(files[0]!);
    expect(drawn()).to.include('1 of 2 workers busy');
    view.ended(files[1]!);
    expect(drawn()).to.include('0 of 2 workers busy');
  });

  it('shows what is on its way, how far it has come, and what counts', async () => {
    await open(true);
    const [a, b] = [
      fileRecord({ id: 'a', name: 'a.jpg', size: 100 }),
      fileRecord({ id: 'b', name: 'b.jpg', size: 100 }),
    ];
    for (const record of [a, b]) view.listed(record);
    expect(drawn()).to.include('0/2+ files').and.to.include('0 B/200 B+');
    view.allListed();
    for (const record of [a, b]) view.planned(record);
    view.started(a);
    view.started(b);
    view.moved(a, 40);
    view.moved(b, 100);
    expect(drawn())
      .to.match(/↓ 40 % .*a\.jpg/)
      .and.to.match(/↑ .*b\.jpg/)
      .and.to.include('140 B/200 B')
      .and.to.include('2 of 2 workers busy');
    view.restarted(a);
    expect(drawn())
      .to.match(/· .*a\.jpg/)
      .and.to.include('100 B/200 B');
    view.ended(b);
    view.linking([b]);
    expect(drawn()).to.include('→ link  1 file, like b.jpg').and.to.include('1 of 2 workers busy');
    view.linked([b]);
    view.finished({ ...b, status: 'completed' });
    view.workersAllowed(1);
    queries.allowed = 5;
    expect(drawn())
      .to.include('1/2 files')
      .and.to.include('1 completed')
      .and.to.include('1 worker busy (2 when not throttled)')
      .and.to.include('Drive asks for less: 5.0 of 10 queries/s')
      .and.not.to.include('link');
  });

  it('keeps a file on its line while others come and go', async () => {
    await open(true);
    const records = ['a', 'b', 'c'].map(id => fileRecord({ id, name: `${id}.jpg`, size: 10 }));
    const lines = () => [...drawn().matchAll(/^[·↓↑].*/gm)].map(([line]) => line.trim().split(' ').at(-1));
    view.started(records[0]!);
    view.started(records[1]!);
    expect(lines()).to.deep.equal(['a.jpg', 'b.jpg']);
    view.ended(records[0]!);
    expect(lines()).to.deep.equal(['·', 'b.jpg']);
    view.started(records[2]!);
    expect(lines()).to.deep.equal(['c.jpg', 'b.jpg']);
  });

  it('does not wait for what stops before the transfer, fails in it, or was moved before', async () => {
    await open(true);
    const records = ['a', 'b', 'c', 'd'].map(id => fileRecord({ id, size: 100 }));
    for (const record of records) view.listed(record, record.id === 'd');
    view.planned({ ...records[0]!, status: 'needs_review' });
    view.planned(records[1]!);
    view.planned(records[2]!);
    view.planned({ ...records[3]!, status: 'completed' });
    expect(drawn()).to.include('0 B/200 B');
    view.started(records[1]!);
    view.moved(records[1]!, 30);
    view.ended(records[1]!);
    view.finished({ ...records[1]!, status: 'failed' });
    expect(drawn()).to.include('30 B/130 B').and.to.include('1 failed');
    // Somebody else has linked it: it never begins.
    view.finished({ ...records[2]!, status: 'completed' });
    expect(drawn()).to.include('30 B/30 B');
  });

  it('says how long no byte has come', async () => {
    await open(true);
    const record = fileRecord({ size: 100 });
    view.started(record);
    view.moved(record, 1);
    drawn();
    clock.ms = 9_000;
    expect(drawn()).not.to.include('no data');
    clock.ms = 12_000;
    expect(drawn()).to.include('no data for 12 s');
    view.moved(record, 1);
    expect(drawn()).not.to.include('no data');
  });

  it('leaves what is said above the picture, and clears the picture at the end', async () => {
    await open(true);
    drawn();
    view.say('Warning: first line', 'second line');
    const text = screen.take();
    expect(text).to.include('Warning: first line\nsecond line\n');
    expect(text.indexOf('0/0')).to.be.above(text.indexOf('second line'));
    view.stop();
    screen.take();
    view.say('x'.repeat(300));
    expect(screen.take()).to.equal(`${'x'.repeat(300)}\n`);
  });

  for (const [isTTY, env] of [
    [false, {}],
    [true, { TERM: 'dumb' }],
    [true, { CI: '1' }],
  ] as const) {
    it(`draws nothing where ${isTTY ? JSON.stringify(env) : 'there is no terminal'}`, async () => {
      await open(isTTY, env);
      screen.become(50);
      view.say('Warning: here');
      view.stop();
      expect(screen.written).to.equal('Warning: here\n');
    });
  }
});
