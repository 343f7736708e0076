import { expect } from 'chai';
import type { Intercept } from '../cloud/service.ts';
import { always, deferred, driveRefusal, hold } from '../faults.ts';
import { type Home, Sandbox } from './sandbox.ts';
import { TerminalRun } from './terminal.ts';

const MIB = 1 << 20;
const NUMBERS = /^\d+ %|[█░]{24}/;

/** Answers stop in the middle until they are let go. */
class Gate {
  readonly #opened = deferred();

  open(): void {
    this.#opened.resolve();
  }

  /** After the first piece of the body. */
  readonly inBody: Intercept = (_, response) => {
    const write = response.write.bind(response) as (chunk: Buffer) => boolean;
    let isFirst = true;
    response.write = ((chunk: Buffer): boolean => {
      if (isFirst) {
        isFirst = false;
        return write(chunk);
      }
      void this.#opened.promise.then(() => {
        response.write = write as typeof response.write;
        if (write(chunk)) response.emit('drain');
      });
      return false;
    }) as typeof response.write;
    return false;
  };
}

describe('progress on a terminal', () => {
  let sandbox: Sandbox;
  let home: Home;
  let names: string[];
  let run: TerminalRun | null = null;

  beforeEach(async () => {
    sandbox = await Sandbox.open();
    const { drive, appSync } = sandbox.cloud;
    const folderId = drive.tree.addFolder({ name: 'pictures' });
    const ids = [1, 2, 3, 4, 5, 6];
    names = ids.map(id => `${id}.jpg`);
    for (const id of ids)
      drive.tree.addFile({ name: `${id}.jpg`, parent: folderId, content: Buffer.alloc(4 * MIB, id) });
    drive.tree.addFile({
      name: `写真\u202e\u001b[31m${'とても長い名前'.repeat(20)}.jpg`,
      parent: folderId,
      content: Buffer.from('x'),
    });
    appSync.addObservations(ids);
    home = await sandbox.home({ folderId, migration: { concurrency: 3 } });
  });
  afterEach(async () => {
    run?.kill();
    await run?.ended;
    await sandbox.close();
  });

  const onDownload = (fault: Intercept) => always(sandbox.cloud.drive.service, /alt=media/, fault);
  const start = (args: string[], columns: number, env: Record<string, string> = {}, rows = 24) => {
    run = new TerminalRun(args, { ...home.env, ...env }, { columns, rows });
    return run;
  };
  /** The picture at the bottom of the screen: what is below the last line that stays. */
  const workers = (lines: string[]) => lines.filter(line => /^[↓↑] /.test(line));
  /** A terminal gets a picture in pieces, and the number of files has a plus until all are listed. */
  const isWhole = (lines: string[]) => /7 files.*3 of 3 workers busy/.test(lines.join(' '));
  const summaryOf = (lines: string[]) => lines.slice(lines.findIndex(line => line.startsWith('Migrated')));

  for (const [columns, later] of [
    [40, 160],
    [200, 80],
  ] as const) {
    it(`shows each file under way in ${columns} columns, then in ${later}, and then the summary alone`, async () => {
      const gate = new Gate();
      onDownload(gate.inBody);
      const terminal = start(['migrate'], columns);
      const lines = await terminal.until(
        seen => isWhole(seen) && workers(seen).filter(line => /^↓ +25 %/.test(line)).length === 3,
      );
      expect(workers(lines), 'no more than the three that may be read').to.have.length(3);
      expect(lines.length).to.be.at.most(3 + 6);
      for (const line of lines) expect(line.length).to.be.below(columns);
      for (const line of workers(lines))
        expect(
          names.some(name => line.endsWith(name)),
          line,
        ).to.equal(true);
      expect(lines.join(' ')).to.include('3.0 MiB/24.0 MiB');
      terminal.resize(later, 24);
      // A resize moves what is there; only what is drawn after it counts.
      await terminal.until(seen => workers(seen).length === 3 && seen.every(line => line.length < later));
      gate.open();
      expect(await terminal.ended).to.equal(3);
      const left = terminal.lines();
      expect(left[0]).to.equal('');
      expect(left[1]).to.match(/^Migrated: 7 files/);
      expect(left.filter(line => NUMBERS.test(line) || /^[↓↑·→]/.test(line))).to.deep.equal([]);
    });
  }

  it('shows what is being stored, and what is being linked', async () => {
    const { s3, appSync } = sandbox.cloud;
    const upload = hold(s3.service);
    const link = hold(appSync.service, () => s3.objects().length > 0);
    const terminal = start(['migrate'], 80);
    await terminal.until(seen => seen.filter(line => /^↑ .* \d\.jpg$/.test(line)).length === 3);
    upload.release();
    await terminal.until(seen => seen.some(line => /^→ link {2}6 files, like \d\.jpg$/.test(line)));
    link.release();
    expect(await terminal.ended).to.equal(3);
    expect(summaryOf(terminal.lines()).join('\n')).to.match(/6 {2}completed/);
  });

  it('leaves warnings above the picture, whole, and the picture whole below them', async () => {
    const gate = new Gate();
    onDownload(gate.inBody);
    const terminal = start(['migrate'], 80);
    await terminal.until(seen => workers(seen).length === 3);
    process.kill(terminal.pid, 'SIGINT');
    const lines = await terminal.until(
      seen =>
        seen.some(line => line.startsWith('Stopping')) &&
        workers(seen).length === 3 &&
        seen.some(line => NUMBERS.test(line)),
    );
    const said = lines.findIndex(line => line.startsWith('Stopping'));
    expect(said).to.equal(0);
    expect(lines.filter(line => line.startsWith('Stopping'))).to.have.length(1);
    expect(lines.filter(line => NUMBERS.test(line))).to.have.length(1);
    expect(lines.findIndex(line => /^↓/.test(line))).to.be.above(said);
    gate.open();
    expect(await terminal.ended).to.equal(130);
    expect(terminal.lines().filter(line => NUMBERS.test(line) || /^[↓↑·]/.test(line))).to.deep.equal([]);
  });

  it('fits a window of few rows', async () => {
    const gate = new Gate();
    onDownload(gate.inBody);
    const terminal = start(['migrate'], 80, {}, 5);
    const lines = await terminal.until(seen => seen.some(line => /and \d more/.test(line)));
    expect(lines.length).to.be.at.most(5);
    gate.open();
    expect(await terminal.ended).to.equal(3);
  });

  it('says that Drive throttles, and how many workers are left when S3 does', async () => {
    const gate = new Gate();
    const faults = [driveRefusal(403, 'userRateLimitExceeded')];
    onDownload((request, response) => (faults.shift() ?? gate.inBody)(request, response));
    home.edit(config => {
      config.google_drive.queries_per_second = 8;
    });
    const terminal = start(['migrate'], 200);
    await terminal.until(seen => /throttled by Drive: 4\.0 of 8\.0 queries\/s/.test(seen.join(' ')));
    gate.open();
    expect(await terminal.ended).to.equal(3);
  });

  it('is plain lines with TERM=dumb, without a single escape sequence', async () => {
    const gate = new Gate();
    onDownload(gate.inBody);
    const terminal = start(['migrate'], 200, { TERM: 'dumb' });
    const line = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \d\/7 files · 3\.0 MiB\/24\.0 MiB/;
    await terminal.until(seen => seen.some(text => line.test(text)));
    gate.open();
    expect(await terminal.ended).to.equal(3);
    expect(terminal.output).not.to.include('\u001b');
  });
});
