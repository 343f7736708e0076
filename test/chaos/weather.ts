/** What befalls the requests to a cloud: faults from the catalogue, and a look at each request that goes by. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cloud } from '../cloud/cloud.ts';
import type { Service } from '../cloud/service.ts';
import { FAULTS } from './catalogue.ts';
import type { Dice } from './dice.ts';

/** When in the life of a request: it has arrived; its work is done, but nobody knows; it has been answered. */
export const MOMENTS = ['arrived', 'done', 'answered'] as const;
type Moment = (typeof MOMENTS)[number];

export class Weather {
  /** How often each fault has happened, by `service operation: fault`. */
  readonly faults = new Map<string, number>();
  readonly #cloud: Cloud;
  readonly #dice: Dice;
  readonly #seen = new Map<string, number>();
  #probability = 0;
  #requests = 0;
  #watch: { at: number; moment: Moment; call: () => void } | null = null;

  constructor(cloud: Cloud, dice: Dice) {
    this.#cloud = cloud;
    this.#dice = dice;
    this.#stepIn('drive', cloud.drive.service);
    this.#stepIn('cognito', cloud.userPool.service);
    this.#stepIn('identity', cloud.identityPool.service);
    this.#stepIn('s3', cloud.s3.service);
    this.#stepIn('appsync', cloud.appSync.service);
  }

  /** From now on each request meets a fault with this probability; 0 is calm. */
  storm(probability: number): void {
    this.#probability = probability;
  }

  /** Calls once, at this moment of the n-th request from now. */
  atRequest(n: number, moment: Moment, call: () => void): void {
    this.#watch = { at: this.#requests + n, moment, call };
  }

  /** Nothing is called any more. */
  forget(): void {
    this.#watch = null;
  }

  #stepIn(name: string, service: Service): void {
    // Services count a request before they ask; which operation it was is what has grown.
    let counted = new Map(service.requests);
    service.intercept = (request, response) => {
      const operation = [...service.requests].find(([each, count]) => counted.get(each) !== count)?.[0];
      counted = new Map(service.requests);
      this.#requests += 1;
      this.#callAt(request, response);
      return this.#befall(`${name} ${operation}`, request, response);
    };
  }

  #befall(operation: string, request: IncomingMessage, response: ServerResponse): boolean | Promise<boolean> {
    // Page tokens and upload ids are random: they would make each run another one.
    const target = `${operation} ${request.url!.replace(/(pageToken|uploadId)=[^&]*/, '$1')}`;
    const nth = (this.#seen.get(target) ?? 0) + 1;
    this.#seen.set(target, nth);
    const dice = this.#dice.of(`${target} ${nth}`);
    if (!dice.chance('fault', this.#probability)) return false;
    const possible = (FAULTS[operation] ?? []).filter(({ fits }) => fits?.(request, this.#cloud) ?? true);
    if (possible.length === 0) return false;
    const fault = dice.weighted('which', possible);
    const name = `${operation}: ${fault.name}`;
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
    return fault.make(dice, this.#cloud)(request, response);
  }

  #callAt(request: IncomingMessage, response: ServerResponse): void {
    if (this.#watch?.at !== this.#requests) return;
    const { moment, call } = this.#watch;
    this.#watch = null;
    if (moment === 'arrived') call();
    else if (moment === 'answered') response.once('close', call);
    else {
      const writeHead = response.writeHead;
      response.writeHead = ((...head: Parameters<typeof writeHead>) => {
        call();
        request.socket.destroy();
        return writeHead.apply(response, head);
      }) as ServerResponse['writeHead'];
    }
  }
}
