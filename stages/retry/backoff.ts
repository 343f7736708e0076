/**
 * Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): the wait before
 * attempt n is random between 0 and base × 2ⁿ, so that workers that failed together do not retry together.
 */
import { setTimeout } from 'node:timers/promises';
import type { RetryPolicy } from './faults.ts';
import type { Outage, RequestWaits, Throttling } from './service-waits.ts';

/** An attempt that failed and is repeated. */
export interface Retry {
  error: unknown;
  waitMs: number;
  /** The service only asked for fewer requests. */
  throttled: boolean;
}

export interface Backoff {
  /** How often to try again after the first attempt. */
  retries: number;
  baseMs: number;
  /** Longest wait between two attempts, unless the service asks for a longer one (of up to ten minutes). */
  capMs: number;
  /** Ends waits and retries of requests that have no signal of their own. */
  signal?: AbortSignal;
  /** Limits the waits for throttling, which use up no retries. Without it they do. */
  throttling?: Throttling;
  /** Limits the waits for a service that cannot be reached, after the retries. Without it there are none. */
  outage?: Outage;
  /** Called before the wait. */
  onRetry?: (retry: Retry) => void;
  /** Injected by tests. */
  random?: () => number;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Longest wait that a service can ask for. A longer one would stop the run in practice; timers of weeks fire at once. */
const LONGEST_ASKED_MS = 10 * 60_000;

/** Milliseconds to wait before retry number `retry` (from 0). */
export function waitMs(
  { baseMs, capMs, random = Math.random }: Backoff,
  retry: number,
  afterMs: number | null,
): number {
  const jittered = random() * Math.min(capMs, baseMs * 2 ** retry);
  return Math.max(jittered, Math.min(afterMs ?? 0, LONGEST_ASKED_MS));
}

/**
 * Runs `attempt` until it succeeds, its error should not be retried, or the retries are used up; then throws the error.
 * Throws RunError when a service keeps throttling, or cannot be reached, for longer than `backoff` allows, and the signal's reason
 * as soon as it aborts: a response that may never come is not waited for.
 */
export async function withRetries<T>(
  attempt: (retry: number) => Promise<T>,
  policy: RetryPolicy,
  backoff: Backoff,
  signal: AbortSignal | undefined = backoff.signal,
): Promise<T> {
  const { sleep = pause, throttling, outage } = backoff;
  const request: RequestWaits = { retries: 0, refusals: 0, throttledMs: 0, outageWaits: 0 };
  try {
    for (let repetitions = 0; ; repetitions += 1) {
      try {
        const result = await orAborted(attempt(repetitions), signal);
        throttling?.succeeded();
        outage?.responded();
        return result;
      } catch (error) {
        outage?.failed(request, error);
        const decision = policy(error);
        if (!decision.again || signal?.aborted) throw error;
        const ms = nextWaitMs(request, error, decision, backoff);
        if (ms === null) throw error;
        const throttled = Boolean(decision.throttled && throttling);
        backoff.onRetry?.({ error, waitMs: ms, throttled });
        await sleep(ms, signal);
        if (signal?.aborted) throw error;
      }
    }
  } finally {
    outage?.ended(request);
  }
}

/** Null when the retries are used up. */
function nextWaitMs(
  request: RequestWaits,
  error: unknown,
  { afterMs, throttled }: ReturnType<RetryPolicy>,
  backoff: Backoff,
): number | null {
  const { throttling, outage, retries } = backoff;
  if (throttled && throttling) return throttling.waitMs(request, error, afterMs, backoff);
  if (request.retries === retries) return outage?.waitMs(request, error, backoff) ?? null;
  request.retries += 1;
  return waitMs(backoff, request.retries - 1, afterMs);
}

/** The promise's result. Throws the signal's reason if it aborts first; the promise's outcome is then ignored. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {});
}
