import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeLock } from '../../../src/run/manifest/lock.ts';
import { RunError } from '../../../stages/errors.ts';
import { useScratch } from '../../config/scratch.ts';

describe('The lock of a run', () => {
  const scratch = useScratch();
  let folder: string;

  beforeEach(() => {
    folder = join(scratch.folder, 'runs', 'x');
  });

  function refusal(): RunError {
    try {
      takeLock(folder, 'migrator resume');
    } catch (error) {
      if (error instanceof RunError) return error;
      throw error;
    }
    throw new Error('expected a refusal');
  }

  it('is refused to a second process, in words that name the first', () => {
    takeLock(folder, 'migrator migrate');
    const error = refusal();
    expect(error).to.include({ code: 'run_locked' });
    expect(error.message)
      .to.contain('"migrator migrate"')
      .and.to.contain(`process ${process.pid}`)
      .and.not.to.contain(hostname());
    expect(readdirSync(folder)).to.deep.equal(['lock']);
  });

  it('is refused while a process on another machine has it, which cannot be looked at', () => {
    mkdirSync(folder, { recursive: true });
    const holder = { pid: 1, host: 'elsewhere', command: 'migrator scan', since: '2024-05-01T10:00:00Z' };
    const path = join(folder, 'lock');
    writeFileSync(path, JSON.stringify(holder));
    const { message, remedy } = refusal();
    expect(message).to.contain(' on elsewhere');
    expect(remedy).to.contain(path).and.to.contain('60 seconds');
  });
});
