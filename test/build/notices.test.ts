import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { noticesOf } from '../../build/notices.ts';
import { type Scratch, scratchFolder } from '../config/scratch.ts';

describe('the notices of the packages that the program contains', () => {
  let scratch: Scratch;
  beforeEach(async () => {
    scratch = await scratchFolder();
  });
  afterEach(() => scratch.remove());

  /** A package with this license and these files; gives its folder. */
  function folder(name: string, license: string | undefined, files: Record<string, string>): string {
    const path = join(scratch.folder, name);
    mkdirSync(path);
    writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version: '1.2.3', license }));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
    return path;
  }

  const APACHE = 'Apache License\nVersion 2.0\nAPPENDIX: How to apply the Apache License';

  it('have the texts of license and notice as they lie in the package, whatever their names', () => {
    const text = noticesOf([
      folder('a', 'MIT', { 'LICENSE.md': 'Copyright (c) 2020 A\nDo what you like.' }),
      folder('b', 'MIT', { 'license-mit': 'Copyright (c) 2021 B' }),
      folder('c', undefined, { COPYING: 'Copyright (c) 2022 C' }),
      folder('d', 'Apache-2.0', { LICENCE: APACHE, 'NOTICE.txt': 'This product includes D.' }),
    ]);
    expect(text).to.contain('a 1.2.3 (MIT)\n-------------\n\nCopyright (c) 2020 A\nDo what you like.\n');
    expect(text).to.contain('Copyright (c) 2021 B').and.to.contain('c 1.2.3\n').and.to.contain('2022 C');
    expect(text).to.contain(`${APACHE}\n\nThis product includes D.\n`);
  });

  it('have it from the README where it stands there, and no more than that', () => {
    for (const [index, heading] of ['## License', 'License\n-------', '# LICENSE (MIT)'].entries()) {
      const readme = `# Thing\n\nUse it.\n\n${heading}\n\nCopyright (c) 2020 A\n\nDo what you like.\n`;
      const text = noticesOf([folder(`p${index}`, 'MIT', { 'README.md': readme })]);
      expect(text).to.contain('Copyright (c) 2020 A\n\nDo what you like.').and.not.to.contain('Use it.');
    }
  });

  it('refer to another text of the Apache License, which names nobody', () => {
    const text = noticesOf([
      folder('a', 'Apache-2.0', { 'README.md': '# A' }),
      folder('b', 'Apache-2.0', { LICENSE: APACHE }),
    ]);
    expect(text).to.contain('The Apache License, Version 2.0: see b 1.2.3 (Apache-2.0).');
  });

  it('cannot be had for a package without a text: it must not be shipped', () => {
    expect(() => noticesOf([folder('a', 'MIT', { 'README.md': '## License\n\nMIT\n' })])).to.throw(
      'a 1.2.3 (MIT) has no text of its license.',
    );
    expect(() => noticesOf([folder('b', undefined, {})])).to.throw('b 1.2.3 has no text');
    expect(() => noticesOf([folder('c', 'Apache-2.0', {})])).to.throw('no text');
  });
});
