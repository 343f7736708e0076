import { expect } from 'chai';
import { mediaOf, Sandbox } from './sandbox.ts';

describe('--bwlimit', () => {
  const sandbox = Sandbox.forEach();

  it('limits all files together, and everything arrives', async () => {
    const file = (letter: string) => Buffer.alloc(150_000, letter);
    const folderId = sandbox.seed({ '1.jpg': file('a'), '2.jpg': file('b') }, [1, 2]);
    const home = await sandbox.home({ folderId });
    const started = performance.now();
    await home.exits(0, ['migrate', '--bwlimit', '100k']);
    // 300,000 bytes at 102,400 a second.
    expect(performance.now() - started).to.be.at.least(2_500);
    expect(mediaOf(sandbox.cloud)).to.have.length(2);
  });

  it('says what it accepts', async () => {
    const home = await sandbox.home({ folderId: sandbox.seed({}) });
    const { stderr } = await home.exits(2, ['migrate', '--bwlimit', '20']);
    expect(stderr).to.contain('--bwlimit: found "20"').and.contain('08:00,2M 18:00,off');
  });
});
