import { RunError } from '../../stages/errors.ts';

export interface Refusal<Failure> {
  code: string;
  /** Tested against `said` of the failure, or a condition; any failure when absent. */
  on?: RegExp | ((failure: Failure) => boolean);
  says: (failure: Failure) => string;
  remedy: string | ((failure: Failure) => string);
}

/** The RunError of the first row that fits; the last one has to fit everything. */
export function explain<Failure extends { said: string }>(
  rows: readonly Refusal<Failure>[],
  failure: Failure,
): RunError {
  const fits = ({ on }: Refusal<Failure>) => (on instanceof RegExp ? on.test(failure.said) : on?.(failure));
  const { code, says, remedy } = rows.find(row => fits(row) ?? true)!;
  return new RunError(code, says(failure), typeof remedy === 'string' ? remedy : remedy(failure));
}
