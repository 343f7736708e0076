import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { inject } from '../faults.ts';
import { says } from '../services/appsync/local-data.ts';
import { type Home, meter, Sandbox } from './sandbox.ts';

describe('observations-without-media', () => {
  const sandbox = Sandbox.forEach();
  let home: Home;
  beforeEach(async () => {
    const folderId = sandbox.seed({ '21.jpg': 'one', '22-23.jpg': 'two' });
    sandbox.cloud.appSync.addObservations([
      { sequentialId: 100, id: 'hundred' },
      { sequentialId: 23, id: 'z', countryId: 'EG' },
      { sequentialId: 22, id: 'b', countryId: '=1+1' },
      { sequentialId: 21, id: 'a', countryId: 'IL' },
      { sequentialId: 9, id: 'nine' },
    ]);
    home = await sandbox.home({ folderId });
  });

  const audit = async (...flags: string[]) => {
    const outcome = await home.exits(0, ['observations-without-media', ...flags]);
    return outcome;
  };

  it('lists them by sequential id before a migration, and those that are left after it', async () => {
    const before = await audit();
    expect(before.stdout.split('\r\n')).to.deep.equal([
      '\uFEFFsequentialId,id,countryId',
      '9,nine,',
      '21,a,IL',
      "22,b,'=1+1",
      '23,z,EG',
      '100,hundred,',
      '',
    ]);
    expect(before.stderr).to.include('5 of 5 observations');

    await home.exits(0, ['migrate']);
    const count = meter(sandbox.cloud);
    const after = await audit('--json');
    expect(JSON.parse(after.stdout)).to.deep.equal({
      total_observations: 5,
      without_media: 2,
      observations: [
        { sequentialId: 9, id: 'nine', countryId: null },
        { sequentialId: 100, id: 'hundred', countryId: null },
      ],
    });
    expect(after.stderr).to.equal('');
    for (const name of Object.keys(count())) expect(name).to.match(/^(cognito|appsync|field (list|__))/);
  });

  it('writes NDJSON and files, and a closed pipe ends it quietly', async () => {
    const output = join(sandbox.folder, 'left.ndjson');
    const { stdout, stderr } = await audit('--output', output);
    expect(stdout).to.equal('');
    expect(stderr).to.include(output);
    const lines = readFileSync(output, 'utf8').trim().split('\n');
    expect(lines).to.have.length(5);
    expect(JSON.parse(lines[0]!)).to.deep.equal({ sequentialId: 9, id: 'nine', countryId: null });
    const { codes } = await home.pipe([['observations-without-media'], 'true']);
    expect(codes[0]).to.equal(0);
  });

  it('counts links of other tools, reads every page, and tries again what is throttled', async () => {
    const { appSync } = sandbox.cloud;
    const more = appSync.addObservations(Array.from({ length: 1500 }, (_, index) => 1000 + index));
    appSync.addMedia(
      ...more.slice(1).map(({ id }) => ({ url: 'https://example.com/x.jpg', observationId: id })),
      { url: 'https://example.com/y.jpg', observationId: 'nobody' },
    );
    const throttled = says(200, {
      data: { page: null },
      errors: [{ path: ['page'], errorType: 'DynamoDB:ProvisionedThroughputExceededException' }],
    });
    inject(appSync.service, /^POST/, [() => false, throttled, () => false, () => false, throttled]);
    const { total_observations, observations } = await home.json('observations-without-media');
    expect(total_observations).to.equal(1505);
    expect(observations.map(({ sequentialId }: { sequentialId: number }) => sequentialId)).to.deep.equal([
      9, 21, 22, 23, 100, 1000,
    ]);
  });

  it('fails before it asks anybody when it has nowhere to write or the configuration is incomplete', async () => {
    const count = meter(sandbox.cloud);
    const nowhere = await home.migrator(['observations-without-media', '-o', join(home.path, 'no', 'x.csv')]);
    expect(nowhere).to.include({ code: 1, stdout: '' });
    const { code, error } = await sandbox.bareHome('bare').json('observations-without-media');
    expect([code, error.code]).to.deep.equal([1, 'config_incomplete']);
    expect(count()).to.deep.equal({});
  });
});

describe('observations-without-media of models that are called otherwise', () => {
  const sandbox = Sandbox.forAll({ appSync: { renamed: true } });

  it('goes by the configured names, and by the discriminator field of the prefix rules', async () => {
    const { appSync } = sandbox.cloud;
    appSync.addObservations(['nine', 'a'].map((id, index) => ({ sequentialId: 9 + 12 * index, id })));
    appSync.addMedia({ url: 'https://example.com/x.jpg', observationId: 'nine' });
    const home = await sandbox.home();
    home.edit(config => {
      const observation = { name: 'Sighting', sequential_id: 'number' };
      const media = { name: 'Photo', observation_id: 'sightingId', list_query: 'listPhoto' };
      config.aws.amplify.models = { observation, media };
      config.prefix_disambiguation = { discriminator_field: 'species' };
    });
    const { stdout } = await home.exits(0, ['observations-without-media']);
    expect(stdout.split('\r\n').slice(0, 2)).to.deep.equal(['\uFEFFsequentialId,id,species', '21,a,']);
  });
});
