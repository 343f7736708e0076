import { expect } from 'chai';
import { type Lease, Renewal } from '../../src/services/renewal.ts';
import { rejection } from '../config/scratch.ts';

describe('a renewed value', () => {
  let now: number;
  let fetched: number;
  let answer: () => Promise<Lease<string>>;
  let renewal: Renewal<string>;
  const lasting = (ms: number) => async () => ({ value: `v${fetched}`, expiresAt: now + ms });

  beforeEach(() => {
    now = 1_000_000;
    fetched = 0;
    answer = lasting(3_600_000);
    renewal = new Renewal<string>(
      () => {
        fetched += 1;
        return answer();
      },
      () => now,
    );
  });

  it('is fetched once for all who ask at the same time', async () => {
    expect(await Promise.all([renewal.get(), renewal.get(), renewal.get()])).to.deep.equal([
      'v1',
      'v1',
      'v1',
    ]);
    expect(await renewal.get()).to.equal('v1');
    expect(fetched).to.equal(1);
  });

  it('is renewed five minutes before its end when it lives an hour', async () => {
    await renewal.get();
    now += 3_600_000 - 300_001;
    expect(await renewal.get()).to.equal('v1');
    now += 1;
    expect(await renewal.get()).to.equal('v2');
  });

  it('is used for nine tenths of its life when that is a few seconds', async () => {
    answer = lasting(2_000);
    await renewal.get();
    now += 1_799;
    expect(await renewal.get()).to.equal('v1');
    now += 1;
    expect(await renewal.get()).to.equal('v2');
  });

  it('serves on while it is good when a renewal fails, and does not ask again at once', async () => {
    await renewal.get();
    answer = () => Promise.reject(new Error('down'));
    now += 3_400_000;
    expect(await renewal.get()).to.equal('v1');
    expect(await renewal.get()).to.equal('v1');
    expect(fetched).to.equal(2);
    now += 30_000;
    answer = lasting(3_600_000);
    expect(await renewal.get()).to.equal('v3');
  });

  it('is no longer given out past its end', async () => {
    await renewal.get();
    answer = () => Promise.reject(new Error('down'));
    now += 3_600_000;
    expect((await rejection(renewal.get())).message).to.equal('down');
  });

  it('is replaced once for all who had the same one rejected', async () => {
    const old = await renewal.get();
    const replace = () => renewal.replace(value => value === old);
    expect(await Promise.all([replace(), replace()])).to.deep.equal(['v2', 'v2']);
    expect(await replace()).to.equal('v2');
    expect(fetched).to.equal(2);
  });

  it('does not fall back on the rejected one when the replacement fails', async () => {
    const old = await renewal.get();
    answer = () => Promise.reject(new Error('down'));
    expect((await rejection(renewal.replace(value => value === old))).message).to.equal('down');
  });

  it('is dropped only if it is the rejected one', async () => {
    await renewal.get();
    renewal.drop(value => value === 'v0');
    expect(await renewal.get()).to.equal('v1');
    renewal.drop(value => value === 'v1');
    expect(await renewal.get()).to.equal('v2');
  });
});
