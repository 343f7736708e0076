import { expect } from 'chai';
import type { CloudOptions } from '../cloud/cloud.ts';
import { type Home, mediaOf, meter, Sandbox, statuses } from './sandbox.ts';

type Types = { image?: string; video?: string };

describe('the media types of the schema', () => {
  let sandbox: Sandbox;
  let home: Home;
  let folderId: string;
  afterEach(() => sandbox.close());

  const open = async (appSync: CloudOptions['appSync']) => {
    sandbox = await Sandbox.open({ appSync });
    folderId = sandbox.seed({ '21.jpg': 'photo', '22-23.mp4': 'video' }, [21, 22, 23]);
    home = await sandbox.home({ folderId });
  };
  const configure = (media: { type?: string; types?: Types }) =>
    home.edit(({ aws }) => Object.assign(aws.amplify, { models: { media } }));
  const linkedTypes = () => mediaOf(sandbox.cloud).map(({ type }) => type);
  const migrator = async (...args: string[]) => {
    const { code, stdout, stderr } = await home.migrator([...args, '--json']);
    const parsed = stdout.startsWith('{') ? JSON.parse(stdout) : {};
    return { code, stderr, ...parsed };
  };
  const doctorOn = async (name: string) =>
    (await migrator('doctor')).checks.find((check: { name: string }) => check.name === name);
  /** Requests that move bytes or create records. */
  const moved = (counts: Record<string, number>) =>
    Object.keys(counts).filter(name => /download|PutObject|createMedia/.test(name));

  it('are found by one request, and told by doctor', async () => {
    await open({ mediaTypes: ['Film', 'SOUND', 'Photo'] });
    expect((await doctorOn('appsync_schema')).detail).to.contain('Photo (photos) and Film (videos)');
    const count = meter(sandbox.cloud);
    expect(await migrator('migrate')).to.include({ code: 0 });
    expect(count()['appsync graphql']).to.be.at.most(4);
    expect(linkedTypes()).to.deep.equal(['Photo', 'Film', 'Film']);
    expect(home.manifest(folderId, 'link').map(({ type }) => type)).to.have.members(['IMAGE', 'VIDEO']);
  });

  it('stop a run before its first byte when they are not clear, until they are configured', async () => {
    await open({ mediaTypes: ['STILL_IMAGE', 'MOTION'] });
    const wrong = await doctorOn('appsync_schema');
    expect(wrong).to.include({ status: 'wrong', code: 'schema_mismatch' });
    expect(wrong.problem).to.contain('STILL_IMAGE, MOTION').and.to.contain('types.image');
    expect((await migrator('scan')).code).to.equal(0);
    const count = meter(sandbox.cloud);
    for (const command of ['migrate', 'link']) {
      const { code, error } = await migrator(
        command,
        '--folder-id',
        folderId,
        ...(command === 'link' ? ['--in', home.manifestPath(folderId, 'resolve')] : []),
      );
      expect([code, error.code], command).to.deep.equal([1, 'schema_mismatch']);
      expect(error.remedy).to.contain('--media-type-image');
    }
    configure({ types: { image: 'PHOTO', video: 'MOTION' } });
    expect((await migrator('migrate')).error.message).to.contain('types.image is PHOTO');
    expect(moved(count())).to.deep.equal([]);

    const flags = ['--media-type-image', 'STILL_IMAGE', '--media-type-video', 'MOTION'];
    await home.exits(0, ['config', ...flags]);
    expect(await migrator('resume')).to.include({ code: 0 });
    expect(linkedTypes()).to.deep.equal(['STILL_IMAGE', 'MOTION', 'MOTION']);
  });

  it('decide by the first refusal where the API hides its schema; then resume links what is stored', async () => {
    await open({ introspection: false });
    const hidden = await doctorOn('appsync_schema');
    expect(hidden.status).to.equal('not_checked');
    expect(hidden.because).to.contain('IMAGE (photos)').and.to.contain('--media-type-image');
    const stopped = await migrator('migrate');
    expect([stopped.code, stopped.error.code]).to.deep.equal([1, 'schema_mismatch']);
    expect(stopped.error.remedy).to.contain('IMAGE for photos');
    expect(statuses(home.manifest(folderId, 'transfer'))).to.deep.equal({ uploaded: 2 });
    const status = await home.migrator(['status', '--folder-id', folderId]);
    expect(status.stdout + status.stderr)
      .to.match(/2 {2}uploaded/)
      .and.not.match(/failed|temporary/);
    expect((await migrator('link', '--folder-id', folderId)).error.code).to.equal('schema_mismatch');

    configure({ types: { image: 'PHOTO' } });
    const count = meter(sandbox.cloud);
    expect(await migrator('resume')).to.include({ code: 0 });
    expect(moved(count())).to.deep.equal(['field createMedia']);
    expect(linkedTypes()).to.deep.equal(['PHOTO', 'VIDEO', 'VIDEO']);
  });

  it('are IMAGE and VIDEO where the field is plain text, and nothing where there is none', async () => {
    await open({ mediaTypes: null });
    expect(await migrator('migrate')).to.include({ code: 0 });
    expect(linkedTypes()).to.deep.equal(['IMAGE', 'VIDEO', 'VIDEO']);
    for (const id of sandbox.cloud.appSync.media.keys()) sandbox.cloud.appSync.removeMedia(id);
    configure({ type: '' });
    const other = await sandbox.home({ folderId });
    home.edit(config => other.edit(empty => Object.assign(empty, config)));
    await other.exits(0, ['migrate']);
    expect(linkedTypes()).to.deep.equal([undefined, undefined, undefined]);
  });
});
