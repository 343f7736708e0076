import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { always, answer } from '../faults.ts';
import { type Home, Sandbox } from './sandbox.ts';
import { TerminalRun } from './terminal.ts';

/** Sets the window's title, changes colours by C1, turns the writing direction, forges a line. */
const HOSTILE = '\u001b]0;owned\u0007\u009b31m\u202e\u2028\nError: forged';
const RAW = /\p{Cc}(?=\]0;)|[\u0080-\u009f\u202e\u2028]/u;

describe('text from strangers', () => {
  const sandbox = Sandbox.forAll();
  let home: Home;
  let folderId: string;

  before(async () => {
    const { tree } = sandbox.cloud.drive;
    folderId = tree.addFolder({ name: 'pictures' });
    const inner = tree.addFolder({ name: HOSTILE, parent: folderId });
    for (const name of ['1.jpg', '2.jpg', `${HOSTILE}.jpg`])
      tree.addFile({ name, parent: inner, content: Buffer.from(name) });
    sandbox.cloud.appSync.addObservations([1]);
    home = await sandbox.home({ folderId });
  });

  const onTerminal = async (args: string[]) => {
    const run = new TerminalRun(args, home.env, { columns: 100 });
    const code = await run.ended;
    expect(run.output, args.join(' '))
      .not.to.match(RAW)
      .and.not.to.match(/(^|\n)Error: forged/);
    return { code, text: run.lines().join('\n') };
  };

  it('does nothing to a terminal, and cannot look like a message', async () => {
    expect((await onTerminal(['migrate', '--verbose'])).code).to.equal(3);
    expect((await onTerminal(['review'])).text).to.include('\\u001b]0;owned\\u0007\\u009b31m\\u202e\\u2028');
    const denied = `<Error><Code>AccessDenied</Code><Message>${HOSTILE}</Message></Error>`;
    always(sandbox.cloud.s3.service, /^GET/, answer(403, denied));
    await onTerminal(['verify', '--deep']);
    await onTerminal(['undo', '--yes']);
    sandbox.cloud.s3.service.intercept = () => false;
    for (const args of [
      ['status'],
      ['export'],
      [HOSTILE],
      ['status', `--${HOSTILE}`],
      ['review', '--only', HOSTILE],
    ])
      await onTerminal(args);
  });

  it('does nothing to a terminal in a question either', async () => {
    const bucket = (name: string) => ({ name, bucket_name: name, aws_region: 'us-east-1' });
    const outputs = join(sandbox.folder, 'amplify_outputs.json');
    writeFileSync(
      outputs,
      JSON.stringify({
        version: '1.3',
        storage: { ...bucket('a'), buckets: [bucket('a'), bucket(`b${HOSTILE}`)] },
      }),
    );
    const run = new TerminalRun(['config', '--from', outputs], home.env, { columns: 100 });
    await run.until(lines => lines.some(line => line.includes('\\u001b]0;owned')));
    expect(run.output).not.to.match(RAW);
    run.kill();
  });

  it('is in logs, manifests and JSON as it is, escaped', async () => {
    const records = home.manifest(folderId, 'list');
    expect(records.map(({ path }) => path)).to.deep.equal([HOSTILE, HOSTILE, HOSTILE]);
    const { stdout } = await home.migrator(['export', '--format', 'ndjson']);
    expect(JSON.parse(stdout.split('\n')[0]!)).to.include({ path: HOSTILE });
    const log = home.only('logs', /^migration_/);
    for (const text of [
      stdout,
      log,
      ...Object.values(home.manifests(folderId)),
      home.read(`progress_${folderId}.json`),
    ])
      expect(text).not.to.match(RAW);
  });
});
