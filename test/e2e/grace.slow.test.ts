import { expect } from 'chai';
import type { Cloud } from '../cloud/cloud.ts';
import type { Service } from '../cloud/service.ts';
import { hold } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

const CASES: [name: string, signal: NodeJS.Signals, serviceOf: (cloud: Cloud) => Service][] = [
  ['AppSync', 'SIGINT', ({ appSync }) => appSync.service],
  ['S3', 'SIGTERM', ({ s3 }) => s3.service],
  ['Drive', 'SIGINT', ({ drive }) => drive.service],
  ['Cognito', 'SIGHUP', ({ userPool }) => userPool.service],
];

describe('a signal while a service does not respond', () => {
  const sandboxes: Sandbox[] = [];
  // Closing one ends the commands of all.
  after(() => Promise.all(sandboxes.map(sandbox => sandbox.close())));

  it('ends the command after ten seconds: summary, exit code 130, and what was stored is known to the next run', async () => {
    await Promise.all(CASES.map(interrupted));
  });

  async function interrupted([name, signal, serviceOf]: (typeof CASES)[number]): Promise<void> {
    const sandbox = await Sandbox.open();
    sandboxes.push(sandbox);
    const folder = await PictureFolder.open(sandbox, 3);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    await folder.migrator(['scan']);
    if (name === 'Cognito') sandbox.cloud.userPool.expireTokens();
    const service = serviceOf(sandbox.cloud);
    const { reached } = hold(service);
    const migration = folder.start(['migrate']);
    await reached;
    const before = performance.now();
    process.kill(migration.child.pid!, signal);
    const { code, stderr } = await migration.ended;
    // The services' own time-outs are longer, and there are several of them.
    expect(performance.now() - before, name).to.be.within(9_000, 20_000);
    expect(code, `${name}: ${stderr}`).to.equal(130);
    expect(stderr, name).to.include('migrator resume').and.not.to.include('Error:');

    service.intercept = null;
    const stored = sandbox.cloud.s3.objects().length;
    const count = meter(sandbox.cloud);
    await folder.exits(0, ['resume']);
    expect(count()['s3 PutObject'] ?? 0, name).to.equal(3 - stored);
    expect(folder.links(), name).to.have.length(3);
  }
});
