import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { modelIntrospection } from '../cloud/appsync/model-introspection.ts';
import { renamedApi, renamedIntrospection } from '../cloud/appsync/renamed.ts';
import type { Service } from '../cloud/service.ts';
import { type Home, meter, Sandbox } from './sandbox.ts';

describe('an Amplify project whose models are called otherwise', () => {
  let sandbox: Sandbox;
  let api: Service;
  let home: Home;

  for (const index of [true, false]) {
    it(`is read from its amplify_outputs.json, checked, and migrated to (${index ? 'with' : 'without'} index)`, async () => {
      sandbox = await Sandbox.open({ index });
      api = await renamedApi(sandbox.cloud.appSync);
      home = await sandbox.home();
      const ids = [11, 12];
      const folderId = sandbox.seed({ '11-12.jpg': 'two', '11a.mp4': 'one' }, ids);
      const outputs = join(sandbox.folder, 'amplify_outputs.json');
      const data = {
        ...(sandbox.cloud.amplifyOutputs().data as object),
        url: `${api.url}/graphql`,
        model_introspection: renamedIntrospection(modelIntrospection(index)),
      };
      writeFileSync(outputs, JSON.stringify({ ...sandbox.cloud.amplifyOutputs(), data }));

      const { config } = await home.json('config', '--from', outputs);
      const { observation, media } = config.aws.amplify.models;
      expect(observation).to.deep.equal({
        name: 'Sighting',
        sequential_id: 'number',
        list_query: 'listSightings',
        index_query: index ? 'sightingsByNumber' : '',
      });
      expect(media).to.include({ name: 'Photo', url: 'address', observation_id: 'sightingId' });
      expect(media).to.include({ is_available_for_public_use: 'isPublic', list_query: 'listPhoto' });

      const doctor = await home.migrator(['doctor', '--folder-id', folderId]);
      expect(doctor.code, doctor.stdout).to.equal(0);
      expect(doctor.stdout).to.contain('Sighting and Photo have what is needed');

      const count = meter(sandbox.cloud);
      const migrated = await home.migrator(['migrate', '--folder-id', folderId]);
      expect(migrated.code, migrated.stderr).to.equal(0);
      expect(count()['field createMedia']).to.equal(3);
      for (const record of sandbox.cloud.appSync.media.values()) {
        expect(record).to.include.keys('url', 'observationId', 'type', 'isAvailableForPublicUse');
      }
    });
  }

  afterEach(async () => {
    await api.close();
    await sandbox.close();
  });
});
