import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FileRecord } from '../../stages/record.ts';
import { MIGRATOR } from '../project-root.ts';
import { linksIn } from './expected.ts';
import { linesOf, recordsIn, Sandbox } from './sandbox.ts';

describe('an input file of somebody else', () => {
  const sandbox = Sandbox.forAll();

  const good = '{"id":"1","name":"שלום.jpg"}\n';
  const FILES: [string, Buffer | string, RegExp][] = [
    ['UTF-16 with a BOM', Buffer.from(`\uFEFF${good}`, 'utf16le'), /UTF-16.*\n.*--out/],
    ['UTF-16 without a BOM', Buffer.from(good, 'utf16le'), /UTF-16/],
    ['Latin-1', Buffer.from('{"id":"1","name":"ä.jpg"}\n', 'latin1'), /line 1, column 19.*UTF-8/],
  ];
  for (const [kind, content, message] of FILES) {
    it(`is an error that says where and why: ${kind}`, async () => {
      const home = await sandbox.home();
      const path = join(home.path, 'input');
      writeFileSync(path, content);
      const { codes, stderrs } = await home.pipe([`cat '${path}'`, ['parse']]);
      expect(codes[1]).to.equal(1);
      expect(stderrs[1]).to.match(message);
    });
  }

  it('is read to its end when it is a pipe with a name', async () => {
    const home = await sandbox.home();
    const fifo = join(home.path, 'fifo');
    const script = `mkfifo '${fifo}'; printf '%s\\n' '${good.trim()}' > '${fifo}' & ${MIGRATOR} parse --in '${fifo}'`;
    const { stdout } = await home.pipe([script]);
    expect(recordsIn(stdout).map(({ id }) => id)).to.deep.equal(['1']);
  });
});

describe('a manifest edited by hand', () => {
  const sandbox = Sandbox.forAll();

  const change = (records: FileRecord[], name: string, fields: Partial<FileRecord>) =>
    records.map(record => (record.name === name ? { ...record, ...fields } : record));

  it('is followed by the stages after it: ids, observations, notes, and lines that were deleted', async () => {
    const names = ['big tree.jpg', '111.jpg', '112.jpg', '121.jpg', '131.jpg'];
    const files = Object.fromEntries(names.map(name => [name, `bytes of ${name}`]));
    const folderId = sandbox.seed(files, [101, 102, 111, 112, 121, 131]);
    const [other] = sandbox.cloud.appSync.addObservations([139]);
    const home = await sandbox.home({ folderId });
    const note = { text: 'seen by Dana', at: [1, 2, { deep: true }] };
    const observations = [{ sequentialId: 139, id: other!.id }];
    let records = recordsIn((await home.pipe([['list'], ['parse']])).stdout);
    records = change(records, 'big tree.jpg', { sequentialIds: [101, 102] });
    records = change(records, '121.jpg', { note });
    records = change(records, '131.jpg', { observations });
    records = records.filter(({ name }) => name !== '112.jpg');
    const stdin = linesOf(records);
    const { stdout } = await home.pipe(['cat', ['resolve'], ['transfer'], ['link']], { stdin });
    const ends = new Map(recordsIn(stdout).map(record => [record.name, record]));

    expect([...ends.keys()]).to.have.members(names.filter(name => name !== '112.jpg'));
    for (const record of ends.values()) {
      expect(record.status, record.name).to.equal('completed');
      expect(record, record.name).not.to.have.property('error');
    }
    expect(ends.get('121.jpg')).to.deep.include({ note });
    expect(ends.get('131.jpg')).to.deep.include({ observations, key: `media/${other!.id}/131.jpg` });
    const linked = linksIn(sandbox.cloud).map(link => link.split(' ')[0]);
    expect(linked.join(' ')).to.equal('101 102 111 121 139');
    const tree = sandbox.cloud.s3.objects().find(({ key }) => key.endsWith('/big tree.jpg'));
    expect(tree).to.include({ contentType: 'image/jpeg', size: files['big tree.jpg']!.length });
  });

  it("is respected in the run's folder by migrate, after the file had been set aside", async () => {
    const folderId = sandbox.seed({ 'oak.jpg': 'oak', '141.jpg': 'x' }, [140, 141]);
    const home = await sandbox.home({ folderId });
    await home.exits(3, ['migrate']);
    const path = home.manifestPath(folderId, 'parse');
    writeFileSync(
      path,
      linesOf(change(home.manifest(folderId, 'parse'), 'oak.jpg', { sequentialIds: [140] })),
    );
    await home.exits(0, ['migrate']);
    expect(linksIn(sandbox.cloud).filter(link => /oak\.jpg/.test(link))).to.have.length(1);
  });
});
