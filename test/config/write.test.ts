import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import type { ConfigError } from '../../src/config/error.ts';
import { writeConfig } from '../../src/config/write.ts';
import { rejection, useScratch } from './scratch.ts';

describe('writing the configuration', () => {
  const scratch = useScratch();
  let home: string;
  beforeEach(() => {
    home = join(scratch.folder, 'home');
  });
  const written = async () => JSON.parse(await readFile(join(home, 'config.json'), 'utf8'));
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

  it('leaves the file alone when it says all this already', async () => {
    const path = await scratch.put('home/config.json', '{"naming":   "strict"}');
    expect((await writeConfig(home, { naming: 'strict' })).changes).to.deep.equal([]);
    expect(await readFile(path, 'utf8')).to.equal('{"naming":   "strict"}');
  });

  it('does not write over a file that is not JSON', async () => {
    const path = await scratch.put('home/config.json', '{"naming": strict}');
    expect((await rejection<ConfigError>(writeConfig(home, { naming: 'strict' }))).code).to.equal(
      'config_not_json',
    );
    expect(await readFile(path, 'utf8')).to.equal('{"naming": strict}');
  });

  it('mends a wrong value of the file when the right one is given', async () => {
    await scratch.put('home/config.json', { migration: { concurrency: 'ten' } });
    await writeConfig(home, { 'migration.concurrency': 10 });
    expect(await written()).to.deep.equal({ migration: { concurrency: 10 } });
  });

  it('refuses to leave other wrong values in place', async () => {
    await scratch.put('home/config.json', { migration: { concurrency: 'ten' } });
    const { message } = await rejection(writeConfig(home, { naming: 'strict' }));
    expect(message).to.contain('Nothing was written').and.contain('migration.concurrency: found "ten"');
  });

  it('leaves a folder as it is that was there before, and says that it is open to others', async () => {
    await mkdir(home, { mode: 0o755 });
    const { warnings } = await writeConfig(home, { naming: 'strict' });
    expect(warnings.join()).to.include('open to other users (mode 755)').and.to.include('chmod 700');
    expect(await modeOf(home)).to.equal('755');
  });

  it('stores a relative path as an absolute one, and a folder address as its id', async () => {
    await writeConfig(home, {
      'google_drive.token_path': 'tokens/t.json',
      'google_drive.credentials_path': '~/c.json',
      'google_drive.folder_id': 'https://drive.google.com/open?id=1AbC',
    });
    expect((await written()).google_drive).to.deep.equal({
      folder_id: '1AbC',
      credentials_path: '~/c.json',
      token_path: resolve('tokens/t.json'),
    });
  });

  it('leaves no temporary file behind, and a link a link', async () => {
    const target = await scratch.put('dotfiles/config.json', {});
    await mkdir(home);
    await symlink(target, join(home, 'config.json'));
    await writeConfig(home, { naming: 'relaxed' });
    expect(JSON.parse(await readFile(target, 'utf8'))).to.deep.equal({ naming: 'relaxed' });
    expect(await readdir(home)).to.deep.equal(['config.json']);
    expect(await readdir(join(scratch.folder, 'dotfiles'))).to.deep.equal(['config.json']);
  });
});
