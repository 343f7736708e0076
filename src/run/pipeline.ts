/** The five stages as one stream of records, and what runs it. */
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { chain } from 'stream-chain';
import type { FileRecord } from '../../stages/record.ts';
import type { Shutdown } from '../../stages/shutdown.ts';
import type { Checkpoint } from './manifest/checkpoint.ts';
import type { Stages, Step } from './stages.ts';

export type Records = AsyncIterable<FileRecord> | Iterable<FileRecord>;

/** stream-chain flattens lists and skips null, undefined and false. */
export type Steps = (Step | Step[] | false | null | undefined)[];

export interface Migration {
  stages: Stages;
  checkpoint: (stage: 'parse' | 'resolve' | 'transfer' | 'link') => Checkpoint;
  /** The files of the folder, from Drive or from the list manifest; the checkpoint of list is part of it. */
  listing: Step[];
  /** Adds what another tool has already done for a file. */
  takenOver: Step | null;
  /** Called for each file when it is known whether it will be transferred. */
  planned: Step;
  until: 'resolve' | 'link';
}

/** All stages in order, each between the two steps of its checkpoint. */
export async function migrateStages(migration: Migration): Promise<Duplex> {
  const { stages, checkpoint, listing, takenOver, planned, until } = migration;
  return chain<Steps>([
    listing,
    takenOver,
    withCheckpoint(checkpoint('parse'), stages.parse()),
    withCheckpoint(checkpoint('resolve'), await stages.resolve()),
    planned,
    until === 'link' && (await moving(migration)),
  ]);
}

export async function moveStages(
  source: Step,
  migration: Pick<Migration, 'stages' | 'checkpoint' | 'planned'>,
): Promise<Duplex> {
  return chain<Steps>([source, migration.planned, await moving(migration)]);
}

async function moving({ stages, checkpoint }: Pick<Migration, 'stages' | 'checkpoint'>): Promise<Step[]> {
  return [
    ...withCheckpoint(checkpoint('transfer'), await stages.transfer()),
    ...withCheckpoint(checkpoint('link'), await stages.link()),
  ];
}

function withCheckpoint({ restore, save }: Checkpoint, stage: Step | Step[]): Step[] {
  return [restore, stage, save].flat();
}

/** One stage as its command runs it; without a checkpoint where no manifest is written. */
export function commandStream(
  source: Step,
  { planned, steps, checkpoint }: { planned: Step; steps: Step[]; checkpoint: Checkpoint | null },
): Duplex {
  return chain<Steps>([source, checkpoint?.restore, planned, steps, checkpoint?.save]);
}

/**
 * Runs the stream to its end, as fast as `take` takes the records. Ends early, without an error, when the shutdown is
 * killed: an answer that never comes is not waited for. An error kills what is in progress.
 */
export async function runToEnd(
  stream: Duplex,
  take: (record: FileRecord) => unknown,
  shutdown: Shutdown,
): Promise<void> {
  const takeAll = async (records: AsyncIterable<FileRecord>) => {
    for await (const record of records) {
      const waiting = take(record);
      if (waiting instanceof Promise) await waiting;
    }
  };
  try {
    await pipeline(stream, takeAll, { signal: shutdown.killSignal });
  } catch (error) {
    if (shutdown.killSignal.aborted) return;
    shutdown.drain(error as Error);
    shutdown.kill();
    throw error;
  }
}

/** After this many records, signals, timers and writes get a turn. */
const RECORDS_PER_TURN = 250;

/** The records as the first stream of a chain; they end when `signal` aborts. */
export function sourceOf(records: Records, signal?: AbortSignal): Readable {
  return Readable.from(
    (async function* () {
      let count = 0;
      for await (const record of records) {
        if (signal?.aborted) return;
        yield record;
        count += 1;
        if (count % RECORDS_PER_TURN === 0) await nextTurn();
      }
    })(),
  );
}
