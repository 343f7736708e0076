/** What Ctrl-C does to a command that moves files. */
import type { Halt } from '../stages/stage.ts';
import { EXIT } from './command.ts';

/** The person asked the command to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly code = 'interrupted';
  readonly remedy =
    'What was done so far is kept. Go on with "migrator resume", or with the same command again.';
  readonly exitCode = EXIT.interrupted;

  constructor() {
    super('Interrupted.');
  }
}

/** The first SIGINT or SIGTERM lets what is in flight finish, the second one ends at once. Gives what undoes it. */
export function haltOnSignals(halt: Halt, say: (text: string) => void): () => void {
  const onSignal = () => {
    if (halt.stopped) process.exit(EXIT.interrupted);
    halt.stop(new Interrupted());
    say(
      'Interrupted: files on their way are finished, no new ones are begun. Press Ctrl-C again to end at once.',
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}
