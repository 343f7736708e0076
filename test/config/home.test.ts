import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../src/config/error.ts';
import { expandTilde, folderIdFrom, homeFolder, progressPath, runFolder } from '../../src/config/home.ts';

describe('the home folder', () => {
  it('lies in the user’s home unless AMPLIFY_MEDIA_MIGRATOR_HOME moves it', () => {
    expect(homeFolder({ HOME: '/home/a' })).to.equal('/home/a/.amplify-media-migrator');
    expect(homeFolder({})).to.equal(join(homedir(), '.amplify-media-migrator'));
    expect(homeFolder({ HOME: '/home/a', AMPLIFY_MEDIA_MIGRATOR_HOME: '~/m' })).to.equal('/home/a/m');
    expect(homeFolder({ AMPLIFY_MEDIA_MIGRATOR_HOME: 'm' })).to.equal(resolve('m'));
    expect(homeFolder({ HOME: '/home/a', AMPLIFY_MEDIA_MIGRATOR_HOME: '' })).to.contain('/home/a/');
  });

  it('expands a tilde only where it means the user’s own home', () => {
    const env = { HOME: '/home/a' };
    expect(['~', '~/x', '~b/x', 'x/~', '/~'].map(path => expandTilde(path, env))).to.deep.equal([
      '/home/a',
      '/home/a/x',
      '~b/x',
      'x/~',
      '/~',
    ]);
  });

  it('never makes a path of text that is not an id', () => {
    for (const id of ['', '.', '..', '../x', 'a/b', 'a\\b', 'a b', 'a\0', 'x'.repeat(250), '.hidden']) {
      expect(() => runFolder('/h', id), id).to.throw(ConfigError, 'not the id of a Drive folder');
      expect(() => progressPath('/h', id), id).to.throw(ConfigError);
    }
  });

  it('finds the id in the addresses that browsers show', () => {
    const addresses = [
      'https://drive.google.com/drive/folders/1AbC',
      'https://drive.google.com/drive/u/1/folders/1AbC?resourcekey=0-x',
      'https://drive.google.com/open?id=1AbC&usp=drive_fs',
      '  1AbC\n',
    ];
    expect(addresses.map(folderIdFrom)).to.deep.equal(addresses.map(() => '1AbC'));
    expect(folderIdFrom('https://drive.google.com/')).to.equal('https://drive.google.com/');
  });
});
