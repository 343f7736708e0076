import { existsSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { expectArrived } from './expected.ts';
import { end } from './run-command.ts';
import { type Home, meter, Sandbox } from './sandbox.ts';

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

  const shard = (text: string) => home.migrator(['migrate', '--shard', text]);
  const files = (pattern: RegExp) => readdirSync(folder).filter(name => pattern.test(name));
  const status = async () => JSON.parse((await home.migrator(['status', '--json'])).stdout);

  it('wants a run that scan has listed and resolved, and makes none', async () => {
    const { code, stderr } = await shard('1/2');
    expect(code).to.equal(1);
    expect(stderr).to.include('migrator scan');
    expect(existsSync(folder)).to.equal(false);
  });

  it('is shared by shards that are killed, started again and divided anew, and links everything once', async () => {
    await home.migrator(['scan']);
    const scanned = home.manifests(sample.folderId);
    const { s3 } = sandbox.cloud;
    let reached = () => {};
    const isReached = new Promise<void>(resolve => {
      reached = resolve;
    });
    // Nothing is stored before all that is to be seen while shards run has been seen.
    let letStore = () => {};
    const storing = new Promise<boolean>(resolve => {
      letStore = () => resolve(false);
    });
    s3.service.intercept = ({ method }) => {
      if (method !== 'PUT') return false;
      reached();
      return storing;
    };
    const victim = home.start(['migrate', '--shard', '2/4', '--concurrency', '1']);
    await isReached;
    const [running] = (await status()).shards;
    expect(running).to.deep.include({ index: 2, count: 4 });
    expect(running.holder).to.include({ pid: victim.child.pid, host: hostname() });
    expect((await home.migrator(['status'])).stdout).to.match(/Shard 2\/4: running on .*last activity/);
    for (const args of [['resume'], ['migrate', '--shard', '2/4']]) {
      const { code, stderr } = await home.migrator(args);
      expect(code, args.join(' ')).to.equal(1);
      expect(stderr).to.include(`"migrator migrate --shard 2/4", process ${victim.child.pid}`);
    }
    end(victim.child);
    await victim.ended;
    letStore();
    s3.service.intercept = null;

    const four = await Promise.all(['1/4', '2/4'].map(shard));
    const three = await Promise.all(['1/3', '2/3', '3/3'].map(shard));
    for (const { code, stderr } of [...four, ...three]) expect(code, stderr).to.be.oneOf([0, 3]);
    expect(files(/^transfer/).sort()).to.have.length(5);
    expect(home.manifests(sample.folderId)).to.include(scanned);
    const whole = await status();
    const progress = JSON.parse(home.read(`progress_${sample.folderId}.json`));
    expect(progress.summary).to.deep.equal(whole.summary);

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
      const { code, stderr } = await home.migrator(
        ['transfer', '--folder-id', sample.folderId, '--shard', 'auto'],
        {
          env,
        },
      );
      expect(code, stderr).to.be.oneOf([0, 3]);
      expect(stderr).to.include('Shard 2/3');
    }
    expect(files(/^transfer/)).to.deep.equal(['transfer.2-of-3.ndjson']);
  });
});
