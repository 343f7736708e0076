/** What waiting for a service that throttles and for one that cannot be reached have in common. */
import { faultOf } from './faults.ts';

export interface WaitOptions {
  /** The run stops when no request has succeeded for this time. */
  timeoutMs: number;
  /** Called at most once a minute with a message that the program is waiting. */
  say: (message: string) => void;
  /** Monotonic clock, in milliseconds. */
  now?: () => number;
}

export const SHORTEST_WAIT_MS = 500;
const SAY_EVERY_MS = 60_000;

export abstract class ServiceWait<Options extends WaitOptions = WaitOptions> {
  protected readonly service: string;
  protected readonly options: Options;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** `service` is how messages name it. */
  constructor(service: string, options: Options) {
    this.service = service;
    this.options = options;
  }

  protected now(): number {
    return (this.options.now ?? (() => performance.now()))();
  }

  /** `state`: what is the matter with the service, as in "is limiting the request rate". */
  protected say(state: string, error: unknown, leftMs: number): void {
    const now = this.now();
    if (now - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = now;
    this.options.say(
      `${this.service} ${state} (${faultOf(error).code}). Waiting and trying again, for up to ${duration(leftMs)}.`,
    );
  }
}

/** Random between half of `longestMs` and all of it. */
export function jittered(longestMs: number, random: () => number): number {
  return (longestMs / 2) * (1 + random());
}

/** `30 s`, `10 minutes`. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
