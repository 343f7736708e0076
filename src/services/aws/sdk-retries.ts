import type { MiddlewareStack } from '@smithy/types';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import { type Reasons, retryPolicyFor } from '../../../stages/retry/faults.ts';

/** AWS answers most requests a moment later: the waits begin as short as those of the SDK. */
const FIRST_WAIT_MS = 100;

export function atOnce(backoff: Backoff): Backoff {
  return { ...backoff, baseMs: Math.min(FIRST_WAIT_MS, backoff.baseMs) };
}

const judge = (reasons: Reasons) => {
  const judged = retryPolicyFor(reasons);
  return (error: unknown) => {
    const { $retryable, $metadata } = (error ?? {}) as {
      $retryable?: object;
      $metadata?: { clockSkewCorrected?: boolean };
    };
    const found = judged(error);
    // The SDK has set its clock by the response: the next signature is right.
    return { ...found, again: found.again || Boolean($retryable) || $metadata?.clockSkewCorrected === true };
  };
};

/**
 * Makes an AWS client retry as all other requests of the program do, in place of the SDK's own retries. A request whose
 * body is a stream is sent once: the stream has been read by then.
 */
export function retryRequestsOf<Input extends object, Output extends object>(
  client: { middlewareStack: MiddlewareStack<Input, Output> },
  backoff: Backoff,
  reasons: Reasons = {},
): void {
  client.middlewareStack.add(
    next => args => {
      const { body } = args.request as { body?: unknown };
      return isStream(body) ? next(args) : withRetries(() => next(args), judge(reasons), atOnce(backoff));
    },
    { step: 'finalizeRequest', priority: 'high', name: 'retryMiddleware', tags: ['RETRY'], override: true },
  );
}

function isStream(body: unknown): boolean {
  return typeof (body as { pipe?: unknown } | null | undefined)?.pipe === 'function';
}
