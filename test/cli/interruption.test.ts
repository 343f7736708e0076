import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { haltOnSignals, Interrupted } from '../../src/cli/interruption.ts';
import { Halt } from '../../stages/stage.ts';

describe('Ctrl-C', () => {
  function listening(graceMs: number) {
    const source = new EventEmitter();
    const halt = new Halt();
    const exits: number[] = [];
    const said: string[] = [];
    const release = haltOnSignals(halt, text => said.push(text), {
      source,
      exit: code => exits.push(code),
      graceMs,
    });
    return { source, halt, exits, said, release };
  }
  const aborted = (halt: Halt) =>
    new Promise<void>(resolve => halt.signal.addEventListener('abort', () => resolve()));

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    it(`(${signal}) halts the run, says so, and leaves what is in flight its time`, () => {
      const { source, halt, exits, said, release } = listening(60_000);
      source.emit(signal);
      expect(halt.reason).to.be.instanceOf(Interrupted);
      expect(halt.signal.aborted).to.equal(false);
      expect(said.join()).to.include('Press Ctrl-C again');
      expect(exits).to.deep.equal([]);
      release();
      expect(source.eventNames()).to.deep.equal([]);
    });
  }

  it('gives up what is in flight when its time is over', async () => {
    const { source, halt, release } = listening(1);
    const over = aborted(halt);
    source.emit('SIGINT');
    await over;
    expect(halt.signal.reason).to.be.instanceOf(Interrupted);
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

  it('ends at once where the run is ending for another reason already', () => {
    const { source, halt, exits, release } = listening(60_000);
    halt.stop(new Error('quota'));
    source.emit('SIGINT');
    expect(exits).to.deep.equal([130]);
    release();
  });
});
