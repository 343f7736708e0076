import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeLock } from '../../../src/run/manifest/lock.ts';
import { RunError } from '../../../stages/errors.ts';
import { type Scratch, scratchFolder } from '../../config/scratch.ts';

function refusal(take: () => unknown): RunError {
  try {
    take();
  } catch (error) {
    if (error instanceof RunError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

/** The id of a process that has ended. */
function deadProcess(): Promise<number> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    child.on('exit', () => resolve(child.pid!));
  });
}

describe('The lock of a run', () => {
  let scratch: Scratch;
  let folder: string;
  let path: string;

  beforeEach(async () => {
    scratch = await scratchFolder();
    folder = join(scratch.folder, 'runs', 'x');
    path = join(folder, 'lock');
  });
  afterEach(() => scratch.remove());

  function heldBy(holder: Record<string, unknown> | string): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
  }

  it('makes the folder, says who holds it, and leaves nothing else behind', () => {
    takeLock(folder, 'migrator migrate');
    expect(readdirSync(folder)).to.deep.equal(['lock']);
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.include({
      pid: process.pid,
      host: hostname(),
      command: 'migrator migrate',
    });
  });

  it('is refused to a second one, in words that name the first', () => {
    takeLock(folder, 'migrator migrate');
    const error = refusal(() => takeLock(folder, 'migrator resume'));
    expect(error).to.include({ code: 'run_locked' });
    expect(error.message)
      .to.contain('"migrator migrate"')
      .and.to.contain(`process ${process.pid}`)
      .and.not.to.contain(hostname());
    expect(readdirSync(folder)).to.deep.equal(['lock']);
  });

  it('is refused while a process on another machine holds it, which cannot be looked at', async () => {
    heldBy({
      pid: await deadProcess(),
      host: 'elsewhere',
      command: 'migrator scan',
      since: '2024-05-01T10:00:00Z',
    });
    const { message, remedy } = refusal(() => takeLock(folder, 'x'));
    expect(message).to.contain(' on elsewhere');
    expect(remedy).to.contain(path).and.to.contain('60 seconds');
  });

  it('can be taken again once it has been given back', () => {
    takeLock(folder, 'first').release();
    expect(existsSync(path)).to.equal(false);
    takeLock(folder, 'second').release();
    expect(existsSync(path)).to.equal(false);
  });

  it('is taken over from a process that has died', async () => {
    heldBy({ pid: await deadProcess(), host: hostname(), command: 'dead', since: '2024-05-01T10:00:00Z' });
    takeLock(folder, 'alive');
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.include({ command: 'alive' });
    expect(readdirSync(folder)).to.deep.equal(['lock']);
  });

  it('is taken over when nobody can read who holds it', () => {
    for (const content of ['', '\0\0', '{"pid":', '{"pid":-1}']) {
      heldBy(content);
      takeLock(folder, 'alive').release();
    }
  });

  it('says so when the folder cannot be made', () => {
    mkdirSync(join(scratch.folder, 'runs'));
    writeFileSync(folder, 'a file in its place');
    expect(refusal(() => takeLock(folder, 'x'))).to.include({ code: 'home_unwritable' });
  });
});
