import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { meter, Sandbox } from './sandbox.ts';

for (const index of [true, false]) {
  describe(`an Amplify project whose models are called otherwise (${index ? 'with' : 'without'} index)`, () => {
    const sandbox = Sandbox.forAll({ index, appSync: { renamed: true } });

    it('is read from its amplify_outputs.json, checked, and migrated to', async () => {
      const { cloud } = sandbox;
      const home = await sandbox.home();
      const folderId = sandbox.seed({ '11-12.jpg': 'two', '11a.mp4': 'one' }, [11, 12]);
      const outputs = join(sandbox.folder, 'amplify_outputs.json');
      writeFileSync(outputs, JSON.stringify(cloud.amplifyOutputs()));
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

      const doctor = await home.exits(0, ['doctor', '--folder-id', folderId]);
      expect(doctor.stdout).to.contain('Sighting and Photo have what is needed');

      const count = meter(cloud);
      await home.exits(0, ['migrate', '--folder-id', folderId]);
      expect(count()['field createPhoto']).to.equal(3);
      for (const record of cloud.appSync.media.values())
        expect(record).to.include.keys('address', 'sightingId', 'type', 'isPublic');
    });
  });
}
