import { RunError } from '../../stages/errors.ts';

/** What one kind of failure means to the person who runs the command. */
export interface ErrorRule<Failure> {
  code: string;
  /** Tested against `text` of the failure, or a condition; any failure when absent. */
  when?: RegExp | ((failure: Failure) => boolean);
  message: (failure: Failure) => string;
  remedy: string | ((failure: Failure) => string);
}

/** The RunError of the first row that fits; the last one has to fit everything. */
export function explain<Failure extends { text: string }>(
  rows: readonly ErrorRule<Failure>[],
  failure: Failure,
): RunError {
  const fits = ({ when }: ErrorRule<Failure>) =>
    when instanceof RegExp ? when.test(failure.text) : when?.(failure);
  const { code, message, remedy } = rows.find(row => fits(row) ?? true)!;
  return new RunError(code, message(failure), typeof remedy === 'string' ? remedy : remedy(failure));
}
