import type { Writable } from 'node:stream';
import type { FileRecord } from '../../stages/record.ts';
import type { Shutdown } from '../../stages/shutdown.ts';
import type { RunEvents } from './events.ts';
import { LineWriter } from './line-writer.ts';
import { commandStream, runToEnd } from './pipeline.ts';
import type { StageInput } from './stage-input.ts';
import type { StageOutput } from './stage-output.ts';
import type { Step } from './stages.ts';

export interface StageRun {
  source: Step;
  steps: Step[];
  input: StageInput;
  output: StageOutput;
  standardOutput: Writable;
  events: RunEvents;
  shutdown: Shutdown;
  retryOrphans: boolean;
  /** Report all files as listed before the first one is worked on, where the input is a file: progress wants totals. */
  listsAhead: boolean;
}

export async function runStage(options: StageRun): Promise<void> {
  const { source, steps, input, output, events, shutdown } = options;
  const ahead = options.listsAhead ? input.ahead() : null;
  if (ahead) events.listAll(ahead, ({ id, url }) => Boolean(url || output.manifest?.last(id)?.url));
  const planned = (record: FileRecord) => {
    if (!ahead) events.emit('listed', record, false);
    return events.plan(record);
  };
  const lines = output.isStandardOutput ? new LineWriter(options.standardOutput, shutdown.killSignal) : null;
  const finished = (record: FileRecord) => {
    events.finish(record);
    return lines?.write(record);
  };
  try {
    const checkpoint = output.checkpoint(options.retryOrphans);
    await runToEnd(commandStream(source, { planned, steps, checkpoint }), finished, shutdown);
  } finally {
    lines?.flush();
  }
}
