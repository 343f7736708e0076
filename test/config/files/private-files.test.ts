import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makePrivateFolder } from '../../../src/config/files/private-files.ts';
import { useScratch } from '../scratch.ts';

describe('makePrivateFolder', () => {
  const scratch = useScratch();

  it('makes a folder and all that are missing above it, for its owner alone', () => {
    makePrivateFolder(join(scratch.folder, 'a', 'b', 'c'));
    for (const path of ['a', 'a/b', 'a/b/c'])
      expect(statSync(join(scratch.folder, path)).mode & 0o777).to.equal(0o700);
  });

  it('leaves one alone that is there, also behind a link', () => {
    const [real, link] = [join(scratch.folder, 'real'), join(scratch.folder, 'link')];
    mkdirSync(real, { mode: 0o755 });
    symlinkSync(real, link);
    makePrivateFolder(link);
    makePrivateFolder(join(link, 'below'));
    makePrivateFolder('/');
    expect(statSync(real).mode & 0o777).to.equal(0o755);
    expect(existsSync(join(real, 'below'))).to.equal(true);
  });

  it('throws where a file is in the way, or nothing can be made', function () {
    const file = join(scratch.folder, 'file');
    writeFileSync(file, '');
    expect(() => makePrivateFolder(file)).to.throw(/EEXIST/);
    expect(() => makePrivateFolder(join(file, 'below'))).to.throw(/ENOTDIR/);
    if (!existsSync('/proc/self')) this.skip();
    expect(() => makePrivateFolder('/proc/nowhere/below')).to.throw(/ENOENT/);
  });
});
