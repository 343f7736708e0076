/** A real redis-server on a loopback port, which can be stopped and started, and keeps nothing. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.ts';

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export class RedisServer {
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<RedisServer> {
    const redis = new RedisServer(await freePort());
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', ''];
    this.#process = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const chunk of this.#process.stdout!) if (String(chunk).includes('Ready to accept')) return;
    throw new Error('redis-server has not started');
  }

  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    if (!process || process.exitCode !== null) return;
    process.kill();
    await once(process, 'exit');
  }
}

/** The most of the moments (ms) that are in any one second. */
export function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map(from => times.filter(time => time >= from && time < from + 1000).length));
}
