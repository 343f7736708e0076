import type { MiddlewareStack } from '@smithy/types';
import { type Backoff, type RetryPolicy, withRetries } from '../../../stages/retry/backoff.ts';
import { type Reasons, retryPolicyFor } from '../../../stages/retry/faults.ts';

/** As short as in the SDK: most AWS faults are over a moment later. */
const FIRST_WAIT_MS = 100;

function sdkRetryPolicy(reasons: Reasons): RetryPolicy {
  const policy = retryPolicyFor(reasons);
  return error => {
    const { $retryable, $metadata } = (error ?? {}) as Partial<SdkError>;
    const decision = policy(error);
    // The SDK has corrected its clock from the response, so the next signature is valid.
    const again = decision.again || Boolean($retryable) || $metadata?.clockSkewCorrected === true;
    return { ...decision, again };
  };
}

interface SdkError {
  $retryable: object;
  $metadata: { clockSkewCorrected?: boolean };
}

/** Replaces the retries of a client by ours, which share throttling. A stream is sent once: it cannot be read again. */
export function retryRequestsOf<Input extends object, Output extends object>(
  client: { middlewareStack: MiddlewareStack<Input, Output> },
  backoff: Backoff,
  reasons: Reasons = {},
): void {
  const soon = { ...backoff, baseMs: Math.min(FIRST_WAIT_MS, backoff.baseMs) };
  client.middlewareStack.add(
    next => args => {
      const { body } = args.request as { body?: { pipe?: unknown } };
      const isStream = typeof body?.pipe === 'function';
      return isStream ? next(args) : withRetries(() => next(args), sdkRetryPolicy(reasons), soon);
    },
    { step: 'finalizeRequest', priority: 'high', name: 'retryMiddleware', tags: ['RETRY'], override: true },
  );
}
