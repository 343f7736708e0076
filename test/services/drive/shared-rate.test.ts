import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { QueryRate } from '../../../src/services/drive/query-rate.ts';
import { pingRedis, SharedLimiter } from '../../../src/services/drive/shared-limiter.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

describe('the query rate that processes share through Redis', () => {
  if (!hasRedis) return;
  let port: number;
  let redis: ChildProcess;
  let said: string[];
  const rates: QueryRate[] = [];

  const startRedis = async () => {
    redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
    for await (const chunk of redis.stdout!) if (String(chunk).includes('Ready to accept')) break;
  };
  const stopRedis = async () => {
    redis.kill();
    if (redis.exitCode === null) await once(redis, 'exit');
  };
  const joined = async (perSecond: number) => {
    const rate = new QueryRate(perSecond, 2);
    await rate.share((whole, onShare) =>
      SharedLimiter.connect(whole, {
        redis: { url: `redis://127.0.0.1:${port}` },
        account: 'somebody@example.org',
        warn: text => said.push(text),
        onShare,
      }),
    );
    rates.push(rate);
    return rate;
  };
  /** When each of so many queries was sent, by all rates together. */
  const sent = async (count: number): Promise<number[]> => {
    const times: number[] = [];
    const turns = Array.from({ length: count }, async (_, index) => {
      await rates[index % rates.length]!.turn();
      times.push(performance.now());
    });
    await Promise.all(turns);
    return times;
  };
  const mostInASecond = (times: number[]) =>
    Math.max(...times.map(from => times.filter(time => time >= from && time < from + 1000).length));
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise(resolve => setImmediate(resolve));
  };

  beforeEach(async () => {
    said = [];
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
    server.close();
    await startRedis();
  });
  afterEach(async () => {
    for (const rate of rates.splice(0)) rate.close();
    await stopRedis();
  });

  it('is never exceeded in any second, and is slowed for all by what one has seen', async () => {
    const [one, other] = [await joined(40), await joined(40)];
    const times = await sent(80);
    expect(mostInASecond(times)).to.be.at.most(40);
    expect(times.at(-1)! - times[0]!).to.be.below(3_000);
    one.throttled();
    await until(() => other.perSecond === 10);
    expect(mostInASecond(await sent(30))).to.be.at.most(20);
  });

  it('goes on by parts while Redis is away, says so once, and is shared again when Redis is back, empty', async () => {
    await joined(200);
    await joined(200);
    await sent(10);
    await stopRedis();
    expect(await sent(20)).to.have.length(20);
    expect(said.filter(text => text.includes('cannot be reached'))).to.have.length(2);
    await startRedis();
    await until(() => said.filter(text => text.includes('Redis is back')).length === 2);
    const times = await sent(100);
    expect(mostInASecond(times)).to.be.at.most(200);
    expect(said).to.have.length(4);
  });

  it('is looked at by doctor', async () => {
    expect(await pingRedis({ url: `redis://127.0.0.1:${port}` })).to.equal(`127.0.0.1:${port}`);
    await stopRedis();
    const refused = await pingRedis({ url: `redis://:geheim12@127.0.0.1:${port}` }).catch(error => error);
    expect(refused).to.include({ code: 'quota_redis_unreachable' });
    expect(refused.message).to.include('ECONNREFUSED').and.not.to.include('geheim12');
  });
});
