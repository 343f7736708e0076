import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Config } from '../../src/config/settings.ts';
import { RunEvents } from '../../src/run/events.ts';
import { Run } from '../../src/run/manifest/run.ts';
import { MANIFESTS_FOR, runMigration } from '../../src/run/migration.ts';
import { closeManifests, openManifests } from '../../src/run/open-manifests.ts';
import { type FileRecord, STAGES } from '../../stages/record.ts';
import { Shutdown } from '../../stages/shutdown.ts';
import { scratchFolder } from '../config/scratch.ts';
import { FATES, type FakeFile, FakeWorld, type Fate } from './fake-world.ts';

const CONFIG = {
  naming: 'relaxed',
  migration: { concurrency: 3, max_range: 100, default_media_public: false },
  prefix_disambiguation: { enabled: false, discriminator_field: 'countryId', prefixes: {} },
} as unknown as Config;

/** More than are quick, when asked for. */
const RUNS = Number(process.env.CHAOS_RUNS ?? 60);

/** One run that does not go well. */
interface Mishap {
  fates: Fate[];
  /** Of what the run has written to each manifest, the part that a power cut leaves; 1 for all. */
  kept: number[];
}

interface Outcome {
  records: Map<string, FileRecord>;
  objects: Map<string, unknown>;
  media: Map<string, unknown>;
}

const IDS = [1, 2, 3, 4];
const NAMES = ['1.jpg', '1a.jpg', '1 (1).jpg', '2.jpg', '2-4.jpg', '4-5.jpg', '9.jpg', 'photo.jpg'];

const files: fc.Arbitrary<FakeFile[]> = fc
  .array(
    fc.record({
      name: fc.constantFrom(...NAMES),
      folder: fc.constantFrom('a' as const, 'b' as const),
      content: fc.constantFrom('some bytes', 'other bytes'),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map(list => list.map((file, index) => ({ ...file, id: `file-${index}` })));

const mishaps: fc.Arbitrary<Mishap[]> = fc.array(
  fc.record({
    fates: fc.array(
      fc.oneof({ weight: 3, arbitrary: fc.constant<Fate>('done') }, fc.constantFrom(...FATES)),
      { maxLength: 25 },
    ),
    kept: fc.array(fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: STAGES.length,
      maxLength: STAGES.length,
    }),
  }),
  { maxLength: 5 },
);

async function migrate(world: FakeWorld, run: Run, fates: readonly Fate[]): Promise<void> {
  const shutdown = new Shutdown();
  const events = new RunEvents();
  run.lock('migrator migrate');
  const manifests = await openManifests(run, { ...MANIFESTS_FOR.link, warn: events.warn });
  try {
    await runMigration({
      ...{ run, manifests },
      ...{ root: { id: run.folderId }, rules: null },
      shutdown,
      config: CONFIG,
      services: world.services(fates, shutdown),
      until: 'link',
      retryOrphans: false,
      rescan: false,
      events,
    });
  } finally {
    await closeManifests(manifests);
    run.unlock();
  }
}

/** Cuts off the end of what was written since the manifests had these sizes. The listing is on disk before it is called done. */
function cutPower(run: Run, before: number[], kept: number[]): void {
  STAGES.forEach((stage, index) => {
    if (!run.has(stage) || (stage === 'list' && run.isListed)) return;
    const path = run.pathOf(stage);
    const written = statSync(path).size - before[index]!;
    truncateSync(path, before[index]! + Math.floor(written * kept[index]!));
  });
}

const sizesOf = (run: Run) => STAGES.map(stage => (run.has(stage) ? statSync(run.pathOf(stage)).size : 0));

async function outcomeOf(world: FakeWorld, run: Run): Promise<Outcome> {
  const records = new Map<string, FileRecord>();
  for await (const record of run.latest(() => {})) {
    expect(records.has(record.id), `${record.id} comes out once`).to.equal(false);
    records.set(record.id, record);
  }
  return { records, objects: world.objects, media: world.media };
}

/** One line for each thing, so that a failure shows what differs. */
function linesOf({ records, objects, media }: Outcome): string {
  const lines = [...records.values(), ...objects, ...media].map(value => JSON.stringify(sorted(value)));
  return lines.sort().join('\n');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, sorted(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describe('Whatever happens to a migration on the way', () => {
  it('its end is that of a migration to which nothing happened', async function () {
    this.timeout(60_000 + RUNS * 1_000);
    await fc.assert(
      fc.asyncProperty(files, mishaps, async (files, mishaps) => {
        const scratch = await scratchFolder();
        try {
          const undisturbed = new FakeWorld(files, IDS);
          const calm = new Run(join(scratch.folder, 'calm'), 'root');
          await migrate(undisturbed, calm, []);

          const world = new FakeWorld(files, IDS);
          const run = new Run(join(scratch.folder, 'home'), 'root');
          for (const { fates, kept } of mishaps) {
            const before = sizesOf(run);
            await migrate(world, run, fates).catch(error => {
              if ((error as { code?: string }).code !== 'over') throw error;
            });
            cutPower(run, before, kept);
          }
          await migrate(world, run, []);

          const is = await outcomeOf(world, run);
          const should = await outcomeOf(undisturbed, calm);
          expect(is.records.size).to.equal(files.length);
          expect(linesOf(is)).to.equal(linesOf(should));
        } finally {
          await scratch.remove();
        }
      }),
      { numRuns: RUNS },
    );
  });
});
