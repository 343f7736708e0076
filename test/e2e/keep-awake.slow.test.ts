import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hold } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { Sandbox } from './sandbox.ts';

const isLinux = process.platform === 'linux';

(isLinux ? describe : describe.skip)('a migration keeps the computer awake', () => {
  const sandbox = Sandbox.forAll();
  let folder: string;
  let env: { PATH: string };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'e2e-awake-'));
    const script = `#!/bin/sh
echo "$*" >> '${join(folder, 'begun')}'
for word; do case $word in --*) ;; *) "$word" ;; esac; done
echo over > '${join(folder, 'ended')}'
`;
    writeFileSync(join(folder, 'systemd-inhibit'), script);
    chmodSync(join(folder, 'systemd-inhibit'), 0o755);
    env = { PATH: `${folder}:${process.env.PATH}` };
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const pictures = async () => {
    const opened = await PictureFolder.open(sandbox, 1);
    opened.add(`${opened.ids[0]}.jpg`, 'picture');
    return opened;
  };
  const appears = (name: string) =>
    new Promise<void>(resolve => {
      const look = () => {
        if (!existsSync(join(folder, name))) return;
        watcher.close();
        resolve();
      };
      const watcher = watch(folder, look);
      look();
    });

  it('until it is killed, and no longer', async () => {
    const home = await pictures();
    const { reached } = hold(sandbox.cloud.s3.service);
    const migration = home.start(['migrate'], { env });
    await Promise.all([reached, appears('begun')]);
    expect(existsSync(join(folder, 'ended'))).to.equal(false);
    migration.child.kill('SIGKILL');
    await appears('ended');
    expect(readFileSync(join(folder, 'begun'), 'utf8')).to.match(/^--what=idle:sleep .*--mode=block cat\n$/);
  });

  for (const [what, args] of [
    ['with --no-keep-awake', ['migrate', '--no-keep-awake']],
    ['for a scan', ['scan']],
  ] as const) {
    it(`not ${what}`, async () => {
      await (await pictures()).exits(0, args, { env });
      expect(existsSync(join(folder, 'begun'))).to.equal(false);
    });
  }

  it('and does not mind where that is not possible', async () => {
    writeFileSync(
      join(folder, 'systemd-inhibit'),
      '#!/bin/sh\necho "Failed to inhibit: no bus" >&2\nexit 1\n',
    );
    const home = await pictures();
    const { stderr } = await home.exits(0, ['migrate'], { env });
    expect(stderr).not.to.include('inhibit');
  });
});
