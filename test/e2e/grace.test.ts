import { expect } from 'chai';
import { silence } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('Ctrl-C while a service does not answer', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  it('gives it up after ten seconds: summary, exit code 130, and what was stored is known to the next run', async () => {
    const folder = await PictureFolder.open(sandbox, 3);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    await folder.migrator(['scan']);
    const { appSync } = sandbox.cloud;
    const asked = new Promise<void>(resolve => {
      appSync.service.intercept = (request, response) => {
        resolve();
        return silence(request, response);
      };
    });
    const migration = folder.home.start(['migrate']);
    await asked;
    const before = performance.now();
    process.kill(migration.child.pid!, 'SIGINT');
    const { code, stderr } = await migration.ended;
    // AppSync's own time-out would take 35 seconds, several times.
    expect(performance.now() - before).to.be.below(25_000);
    expect(code).to.equal(130);
    expect(stderr).to.include('Stopped early').and.to.include('migrator resume');

    appSync.service.intercept = null;
    const count = meter(sandbox.cloud);
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect(count()).not.to.have.any.keys('s3 PutObject');
    expect(folder.links()).to.have.length(3);
  });
});
