import { expect } from 'chai';
import { QueryRate } from '../../../src/services/drive/query-rate.ts';
import { pingRedis } from '../../../src/services/drive/redis.ts';
import { SharedLimiter } from '../../../src/services/drive/shared-limiter.ts';
import { hasRedis, mostInASecond, RedisServer } from '../../redis-server.ts';

describe('the query rate that processes share through Redis', () => {
  if (!hasRedis) return it.skip('(left out: this computer has no redis-server)');
  let redis: RedisServer;
  let said: string[];
  const rates: QueryRate[] = [];

  const options = () => ({
    redis: { url: redis.url },
    account: 'somebody@example.org',
    warn: (text: string) => said.push(text),
  });
  const joined = async (perSecond: number) => {
    const rate = new QueryRate(perSecond, 2);
    await rate.share(options());
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
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise(resolve => setImmediate(resolve));
  };

  beforeEach(async () => {
    said = [];
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    for (const rate of rates.splice(0)) rate.close();
    await redis.stop();
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

  it('is used nearly whole also where turns of a whole millisecond are too coarse', async () => {
    const limiter = new SharedLimiter({ ...options(), perSecond: () => 990, onShare: () => {} });
    await limiter.connect();
    try {
      const start = performance.now();
      await Promise.all(Array.from({ length: 500 }, () => limiter.turn(async () => {})));
      // A turn of 2 ms for each query would be 500 a second.
      expect(500_000 / (performance.now() - start)).to.be.within(560, 1000);
    } finally {
      limiter.close();
    }
  });

  it('goes on by parts while Redis is away, says so once, and is shared again when Redis is back, empty', async () => {
    await joined(200);
    await joined(200);
    await sent(10);
    await redis.stop();
    expect(await sent(20)).to.have.length(20);
    expect(said.filter(text => text.includes('cannot be reached'))).to.have.length(2);
    await redis.start();
    await until(() => said.filter(text => text.includes('Redis is back:')).length === 2);
    const times = await sent(100);
    expect(mostInASecond(times)).to.be.at.most(200);
    expect(said).to.have.length(4);
  });

  it('is looked at by doctor', async () => {
    expect(await pingRedis({ url: redis.url })).to.equal(`127.0.0.1:${redis.port}`);
    await redis.stop();
    const refused = await pingRedis({ url: `redis://:geheim12@127.0.0.1:${redis.port}` }).catch(
      error => error,
    );
    expect(refused).to.include({ code: 'quota_redis_unreachable' });
    expect(refused.message).to.include('ECONNREFUSED').and.not.to.include('geheim12');
  });
});
