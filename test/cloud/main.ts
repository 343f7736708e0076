/** `npm run cloud`: a local cloud to try the tool by hand, until Ctrl-C. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { binFolder } from '../project-root.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { seedSampleFolder } from './drive/sample-folder.ts';
import { sampleMedia } from './drive/sample-media.ts';

const HELP = `Starts a local Drive, Cognito, S3 and AppSync, and prints lines for another terminal. Ctrl-C stops it.

Usage: npm run cloud -- [OPTIONS]

  --files N         besides the sample folder, a folder of N pictures with one observation each
  --rate N          Drive refuses more than N queries per second (default: no limit)
  --without-index   AppSync without the index on sequentialId
  --help            show this help
`;

/** Above every id of the sample folder. */
const FIRST_OF_MANY = 100_000;

/** A folder of pictures in My Drive, in subfolders of 500 as people keep them; gives its id. */
function seedManyFiles(cloud: Cloud, count: number): string {
  const { tree } = cloud.drive;
  const folderId = tree.addFolder({ name: `${count} pictures` });
  const ids = Array.from({ length: count }, (_, index) => FIRST_OF_MANY + index);
  let parent = folderId;
  for (const [index, id] of ids.entries()) {
    if (index % 500 === 0) parent = tree.addFolder({ name: `${id}-${id + 499}`, parent: folderId });
    tree.addFile({ name: `${id}.jpg`, parent, content: sampleMedia('jpg', id) });
  }
  cloud.appSync.addObservations(ids);
  return folderId;
}

function countFrom(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  console.error(`--${name} takes a whole number above 0, not ${JSON.stringify(text)}.`);
  process.exit(2);
}

const { values } = parseArgs({
  options: {
    files: { type: 'string' },
    rate: { type: 'string' },
    'without-index': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}
const files = countFrom('files', values.files);
const rate = countFrom('rate', values.rate);

const cloud = await startCloud({
  index: !values['without-index'],
  drive: rate === null ? {} : { queriesPerSecond: rate },
});
const sample = seedSampleFolder(cloud.drive);
cloud.appSync.addObservations(sample.sequentialIds);
const manyId = files === null ? null : seedManyFiles(cloud, files);

const home = await mkdtemp(join(tmpdir(), 'migrator-home-'));
await cloud.writeHome(home, { folderId: sample.folderId });
const outputs = join(home, 'amplify_outputs.json');
await writeFile(outputs, `${JSON.stringify(cloud.amplifyOutputs(), null, 2)}\n`);

// A program on PATH, since timeout, xargs and parallel cannot call a shell function.
const bin = binFolder(join(home, 'bin'));

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const lines = [
  '# A local cloud is running. Copy these lines to another terminal:',
  '',
  ...Object.entries(cloud.environment(home)).map(([name, value]) => `export ${name}=${quoted(value)}`),
  `export FOLDER=${quoted(sample.folderId)}`,
  `export PATH=${quoted(bin + delimiter)}"$PATH"`,
  '',
  `# The sample folder: ${sample.files.length} entries, ${sample.sequentialIds.length} observations. Then try:`,
  '',
  'migrator show',
  'migrator scan --folder-id $FOLDER',
  'migrator migrate --folder-id $FOLDER',
  'migrator status',
  ...(manyId === null ? [] : [`migrator migrate --folder-id ${manyId}   # ${files} pictures`]),
  '',
  `# The project's own file: ${outputs}`,
  `# A user with read access only: ${cloud.viewer.username}, password ${cloud.viewer.password}`,
  `# Ctrl-C (or: kill ${process.pid}) stops the cloud and deletes its files.`,
];
console.log(lines.join('\n'));

let ending = false;
const end = async (): Promise<void> => {
  if (ending) return;
  ending = true;
  await cloud.stop();
  await rm(home, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    void end();
  });
}
