import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { sampleMedia } from '../cloud/drive/sample-media.ts';
import { hold } from '../faults.ts';
import { hasRedis, mostInASecond, RedisServer } from '../redis-server.ts';
import { expectArrived } from './expected.ts';
import { end } from './run-command.ts';
import { type Home, meter, recordsIn, Sandbox, statuses } from './sandbox.ts';

/** Beside those of the sample folder, so that shards run for some seconds. */
const MORE_FILES = 100;
const FIRST_ID = 8_000;
const QUERIES_PER_SECOND = 20;

describe('a run that several processes share', () => {
  const sandbox = Sandbox.forEach();
  let sample: SampleFolder;
  let home: Home;
  let folder: string;
  beforeEach(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home({ folderId: sample.folderId });
    folder = join(home.path, 'runs', sample.folderId);
  });

  const addFiles = () => {
    const { drive, appSync } = sandbox.cloud;
    const ids = Array.from({ length: MORE_FILES }, (_, index) => FIRST_ID + index);
    for (const id of ids) {
      const file = { name: `${id}.jpg`, parent: sample.folderId };
      const driveId = drive.tree.addFile({ ...file, content: sampleMedia('jpg', id) });
      const meaning = { strictIds: [id], relaxedIds: [id], ends: ['completed' as const] };
      sample.files.push({ id: driveId, kind: 'file', name: file.name, path: '', ...meaning });
    }
    appSync.addObservations(ids);
  };
  const shard = (text: string) => home.migrator(['migrate', '--shard', text]);
  const files = (pattern: RegExp) => readdirSync(folder).filter(name => pattern.test(name));
  const status = () => home.json('status');

  it('wants a run that scan has listed and resolved, and makes none', async () => {
    const { code, stderr } = await shard('1/2');
    expect(code).to.equal(1);
    expect(stderr).to.include('migrator scan');
    expect(existsSync(folder)).to.equal(false);
  });

  it('warns once of all the lines that killed shards have left incomplete', async () => {
    await home.migrator(['scan']);
    for (const index of [1, 2, 3]) writeFileSync(join(folder, `transfer.${index}-of-3.ndjson`), '{"id":');
    const { stderr } = await home.exits(3, ['resume']);
    expect(stderr.match(/is incomplete/g)).to.have.length(2);
    expect(stderr).to.include('(2 similar warnings');
  });

  if (!hasRedis) it.skip('shares one query rate through Redis (left out: this computer has no redis-server)');

  it('is shared by shards with one query rate that are killed, started again and divided anew, while Redis comes and goes, and links everything once', async () => {
    addFiles();
    await home.migrator(['scan']);
    const scanned = home.manifests(sample.folderId);
    // Nothing is stored before all that is to be seen while shards run has been seen.
    const { reached, release } = hold(sandbox.cloud.s3.service, ({ method }) => method === 'PUT');
    const victim = home.start(['migrate', '--shard', '2/4', '--concurrency', '1']);
    await reached;
    const [running] = (await status()).shards;
    expect(running).to.deep.include({ index: 2, count: 4 });
    expect(running.holder).to.include({ pid: victim.child.pid, host: hostname() });
    const shown = `Shard 2/4: in progress, process ${victim.child.pid} on this computer, since `;
    expect((await home.migrator(['status'])).stdout)
      .to.include(shown)
      .and.to.match(/last activity 2\d{3}-/);
    const watch = home.start(['status', '--watch']);
    const [line] = await once(watch.child.stdout!, 'data');
    expect(line).to.include(shown);
    end(watch.child, 'SIGINT');
    expect((await watch.ended).code).to.equal(0);
    for (const args of [['resume'], ['migrate', '--shard', '2/4']]) {
      const { stderr } = await home.exits(1, args);
      expect(stderr).to.include(`"migrator migrate --shard 2/4", process ${victim.child.pid}`);
    }
    end(victim.child);
    await victim.ended;
    release();

    const redis = hasRedis ? await RedisServer.start() : null;
    home.edit(config => {
      config.google_drive.queries_per_second = QUERIES_PER_SECOND;
      if (redis) config.google_drive.quota_redis_url = redis.url;
    });
    const times: number[] = [];
    const drive = new EventEmitter();
    const reachedQuery = async (count: number) => {
      while (times.length < count) await once(drive, 'query');
    };
    sandbox.cloud.drive.service.intercept = ({ url }) => {
      if (!url!.startsWith('/drive/')) return false;
      times.push(performance.now());
      drive.emit('query');
      return false;
    };
    try {
      const four = ['1/4', '2/4', '3/4', '4/4'].map(text => home.start(['migrate', '--shard', text]));
      await reachedQuery(15);
      end(four[2]!.child);
      const again = home.start(['migrate', '--shard', '3/4']);
      await reachedQuery(35);
      await redis?.stop();
      await reachedQuery(50);
      await redis?.start();
      // Its files are left for shards of another count.
      await reachedQuery(80);
      end(four[3]!.child, 'SIGINT');
      const outcomes = await Promise.all([four[0]!, four[1]!, again].map(({ ended }) => ended));
      const three = await Promise.all(['1/3', '2/3', '3/3'].map(shard));
      for (const { code, stderr } of [...outcomes, ...three]) expect(code, stderr).to.be.oneOf([0, 3]);
      expect(mostInASecond(times), 'queries in a second').to.be.at.most(QUERIES_PER_SECOND);
      for (const { stderr } of redis ? outcomes : []) {
        expect(stderr).to.include('cannot be reached').and.to.include('Redis is back:');
      }
    } finally {
      await redis?.stop();
      sandbox.cloud.drive.service.intercept = null;
    }
    expect(files(/^transfer/).sort()).to.have.length(7);
    expect(home.manifests(sample.folderId)).to.include(scanned);
    const whole = await status();
    const progress = JSON.parse(home.read(`progress_${sample.folderId}.json`));
    expect(progress.summary).to.deep.equal(whole.summary);
    const exported = await home.migrator(['export', '--format', 'ndjson']);
    expect(statuses(recordsIn(exported.stdout))).to.deep.equal(whole.summary);
    const checked = sandbox.cloud.s3.objects().length;
    expect(await home.json('verify')).to.deep.equal({ code: 0, checked, problems: [], set_back: 0 });

    home.edit(config => {
      config.google_drive.queries_per_second = 1000;
      delete config.google_drive.quota_redis_url;
    });
    const requests = meter(sandbox.cloud);
    for (const text of ['1/4', '4/4']) await shard(text);
    expect(requests()).not.to.have.any.keys('s3 PutObject', 'appsync batchCreate');
    await home.migrator(['resume']);
    expect(files(/-of-/)).to.deep.equal([]);
    expect((await status()).total_files).to.equal(whole.total_files);
    expectArrived(sandbox.cloud, sample);
  });

  it('takes the shard of a job array from the environment, as Slurm, AWS Batch and Kubernetes give it', async () => {
    await home.migrator(['scan']);
    const arrays: Record<string, string>[] = [
      { SLURM_ARRAY_TASK_ID: '6', SLURM_ARRAY_TASK_COUNT: '3', SLURM_ARRAY_TASK_MIN: '5' },
      { AWS_BATCH_JOB_ARRAY_INDEX: '1', AWS_BATCH_JOB_ARRAY_SIZE: '3' },
      { JOB_COMPLETION_INDEX: '1', JOB_COMPLETIONS: '3' },
    ];
    for (const env of arrays) {
      const transfer = ['transfer', '--folder-id', sample.folderId, '--shard', 'auto'];
      const { code, stderr } = await home.migrator(transfer, { env });
      expect(code, stderr).to.be.oneOf([0, 3]);
      expect(stderr).to.include('Shard 2/3');
    }
    expect(files(/^transfer/)).to.deep.equal(['transfer.2-of-3.ndjson']);
  });
});
