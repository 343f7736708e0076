/**
 * `npm run demo`: the main job on the local cloud. A messy folder of real, small media lies in a local Drive; the real
 * command moves it into a local S3 and links it in a local AppSync. Afterwards the bytes and the media records are
 * compared with what Drive has, and everything is left in `.demo/` to be looked at.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Cloud, startCloud } from './cloud/cloud.ts';
import { seedSampleFolder } from './cloud/drive/sample-folder.ts';
import { expectedOf, linksIn, wrongObjects } from './e2e/expected.ts';
import { projectRoot, RUN } from './project-root.ts';

const root = projectRoot();
const place = join(root, '.demo');
const home = join(place, 'home');

function migrator(cloud: Cloud, ...args: string[]): Promise<number> {
  console.log(`\n$ migrator ${args.join(' ')}`);
  const child = spawn(process.execPath, [RUN, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...cloud.environment(home) },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', code => resolve(code ?? 1));
  });
}

rmSync(place, { recursive: true, force: true });
mkdirSync(place);
const cloud = await startCloud();
try {
  const sample = seedSampleFolder(cloud.drive);
  cloud.appSync.addObservations(sample.sequentialIds);
  await cloud.writeHome(home, { folderId: sample.folderId });
  console.log(
    `A local cloud is running: a Drive folder with ${sample.files.length} entries, an empty bucket, ${sample.sequentialIds.length} observations.`,
  );

  const codes = [
    await migrator(cloud, 'scan'),
    await migrator(cloud, 'migrate'),
    await migrator(cloud, 'status'),
  ];

  for (const { key } of cloud.s3.objects()) {
    const path = join(place, 'bucket', key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, cloud.s3.read(key));
  }
  const media = join(place, 'media.json');
  writeFileSync(media, `${JSON.stringify([...cloud.appSync.media.values()], null, 2)}\n`);

  const expected = expectedOf(cloud, sample, 'strict');
  const wrong = wrongObjects(cloud, expected).map(key => `${key}: S3 does not have the bytes of Drive`);
  if (linksIn(cloud).join() !== expected.links.join())
    wrong.push('The media records are not those of the files.');
  const objects = cloud.s3.objects().length;
  console.log(
    wrong.length === 0
      ? `\nCompared: ${objects} objects in S3, each with the bytes it has in Drive; ${cloud.appSync.media.size} media records, one for each link.`
      : `\nSomething is wrong:\n${wrong.join('\n')}`,
  );
  console.log('\nLook around:');
  const places: [string, string][] = [
    [join(home, 'runs', sample.folderId), 'the five manifests'],
    [join(place, 'bucket'), 'what arrived in S3, as files'],
    [media, 'the media records'],
  ];
  for (const [path, what] of places) console.log(`  ${relative(root, path)}  ${what}`);
  console.log('\nTo try every command by hand: npm run cloud');
  // Scan and migrate end with 3: the folder has files that need a person, and they say so.
  if (wrong.length > 0 || codes.join() !== '3,3,0') process.exitCode = 1;
} finally {
  await cloud.stop();
}
