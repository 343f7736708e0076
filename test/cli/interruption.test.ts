import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { Interrupted, shutDownOnSignals } from '../../src/cli/interruption.ts';
import { Shutdown } from '../../stages/flow/shutdown.ts';

describe('Ctrl-C', () => {
  function listening(graceMs: number) {
    const source = new EventEmitter();
    const shutdown = new Shutdown();
    const exits: number[] = [];
    let say = (_text: string) => {};
    const said = new Promise<string>(resolve => {
      say = resolve;
    });
    const release = shutDownOnSignals(shutdown, say, {
      source,
      exit: code => exits.push(code),
      graceMs,
      noticeMs: 1,
    });
    return { source, shutdown, exits, said, release };
  }
  const aborted = (shutdown: Shutdown) =>
    new Promise<void>(resolve => shutdown.killSignal.addEventListener('abort', () => resolve()));

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    it(`(${signal}) shuts the run down, says so, and leaves what is in flight its time`, async () => {
      const { source, shutdown, exits, said, release } = listening(60_000);
      source.emit(signal);
      expect(shutdown.reason).to.be.instanceOf(Interrupted);
      expect(shutdown.killSignal.aborted).to.equal(false);
      expect(await said).to.include('Press Ctrl-C again');
      expect(exits).to.deep.equal([]);
      release();
      expect(source.eventNames()).to.deep.equal([]);
    });
  }

  it('gives up what is in flight when its time is over', async () => {
    const { source, shutdown, release } = listening(1);
    const over = aborted(shutdown);
    source.emit('SIGINT');
    await over;
    expect(shutdown.killSignal.reason).to.be.instanceOf(Interrupted);
    release();
  });

  it('counts a terminal that is gone once, however often it is told', () => {
    const { source, exits, release } = listening(60_000);
    source.emit('SIGHUP');
    source.emit('SIGHUP');
    expect(exits).to.deep.equal([]);
    release();
  });

  it('a second time ends at once', () => {
    const { source, exits, release } = listening(60_000);
    source.emit('SIGINT');
    source.emit('SIGTERM');
    expect(exits).to.deep.equal([130]);
    release();
  });

  it('ends at once where the run is ending for another reason already, which has been said', async () => {
    const { source, shutdown, exits, said, release } = listening(60_000);
    shutdown.drain(new Error('The quota is used up.'));
    expect(await said).to.include('The quota is used up. Waiting for transfers in progress.');
    source.emit('SIGINT');
    expect(exits).to.deep.equal([130]);
    release();
  });
});
