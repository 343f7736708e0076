/**
 * Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): the wait before
 * attempt n is drawn evenly from 0 to base × 2ⁿ, so that workers that failed together do not come back together.
 */
export interface Backoff {
  /** How often to try again after the first attempt. */
  retries: number;
  baseMs: number;
  /** Longest wait between two attempts, unless the service asks for a longer one (of up to ten minutes). */
  capMs: number;
  /** Ends every wait, and with it the retries; of those that are given no signal of their own. */
  signal?: AbortSignal;
  /** Injected by tests. */
  random?: () => number;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Whether to try again after an error, and how long the service asked to wait (null if it did not). */
export type Judge = (error: unknown) => { again: boolean; afterMs: number | null };

/** A service that asks for more would stop the run for good, and timers of weeks go off at once. */
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

/** Runs `attempt` until it succeeds, its error is not worth another try, or the retries are used up; then throws it. */
export async function withRetries<T>(
  attempt: (retry: number) => Promise<T>,
  judge: Judge,
  backoff: Backoff,
  signal: AbortSignal | undefined = backoff.signal,
): Promise<T> {
  const sleep = backoff.sleep ?? pause;
  for (let retry = 0; ; retry += 1) {
    try {
      return await attempt(retry);
    } catch (error) {
      const { again, afterMs } = judge(error);
      if (!again || retry >= backoff.retries || signal?.aborted) throw error;
      await sleep(waitMs(backoff, retry, afterMs), signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
