import { expect } from 'chai';
import { parse } from 'yaml';
import { fencesIn, textOf } from './fences.ts';

const blocks = fencesIn(textOf('docs/scale.md'));
const block = (word: string) => blocks.find(({ text }) => text.includes(word))!.text;
const COMMAND = ['migrator', 'migrate', '--folder-id', 'FOLDER_ID', '--shard', 'auto'];
const HOME = { name: 'AMPLIFY_MEDIA_MIGRATOR_HOME', value: '/shared/migrator' };

describe('the recipes of docs/scale.md', () => {
  it('have a job definition that AWS Batch accepts, and an array of it', () => {
    const { type, retryStrategy, containerProperties: container } = JSON.parse(block('jobDefinitionName'));
    expect(type).to.equal('container');
    expect(retryStrategy.attempts).to.be.within(1, 10);
    for (const rule of retryStrategy.evaluateOnExit) {
      expect(rule).to.have.any.keys('onExitCode', 'onReason', 'onStatusReason');
      expect(rule.action).to.be.oneOf(['RETRY', 'EXIT']);
    }
    expect(container.command).to.deep.equal(COMMAND);
    expect(container.environment).to.deep.include(HOME);
    const required = container.resourceRequirements.map((each: { type: string }) => each.type);
    expect(required).to.have.members(['VCPU', 'MEMORY']);
    for (const { value } of container.resourceRequirements) expect(value).to.match(/^\d+$/);
    const [{ name, efsVolumeConfiguration: efs }] = container.volumes;
    expect(efs.fileSystemId).to.match(/^fs-[0-9a-f]{17}$/);
    expect(efs.transitEncryption).to.be.oneOf(['ENABLED', 'DISABLED']);
    expect(container.mountPoints).to.deep.equal([{ sourceVolume: name, containerPath: '/shared' }]);
    const submitted = block('aws batch submit-job');
    const [, size] = /--array-properties size=(\d+)/.exec(submitted)!;
    expect(Number(size)).to.be.within(2, 10_000);
  });

  it('have an Indexed Job that Kubernetes accepts', () => {
    const job = parse(block('kind: Job'));
    expect(job).to.deep.include({ apiVersion: 'batch/v1', kind: 'Job' });
    expect(job.metadata.name).to.match(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    const { completionMode, completions, parallelism, backoffLimit, template } = job.spec;
    expect(completionMode).to.equal('Indexed');
    expect(parallelism).to.be.within(1, completions);
    expect(backoffLimit).to.be.at.least(completions);
    expect(template.spec.restartPolicy).to.be.oneOf(['Never', 'OnFailure']);
    const [container] = template.spec.containers;
    expect(container.command).to.deep.equal(COMMAND);
    expect(container.env).to.deep.include(HOME);
    expect(container.env).to.deep.include({ name: 'JOB_COMPLETIONS', value: String(completions) });
    const [volume] = template.spec.volumes;
    expect(volume.persistentVolumeClaim.claimName).to.be.a('string');
    expect(container.volumeMounts).to.deep.equal([{ name: volume.name, mountPath: '/shared' }]);
  });
});
