import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Observation,
  ObservationFinder,
  type ObservationTable,
} from '../../stages/observation-finder.ts';
import { rejection } from '../config/scratch.ts';

/** A table of pages that counts what it is asked. */
class FakeTable implements ObservationTable {
  readonly pages: Observation[][];
  readonly idsPerRequest: number | null;
  pagesRead = 0;
  sweeps = 0;
  readonly lookUps: number[][] = [];
  failNextLookUp: Error | null = null;

  constructor(pages: Observation[][], idsPerRequest: number | null) {
    this.pages = pages;
    this.idsPerRequest = idsPerRequest;
  }

  async *sweep(): AsyncGenerator<Observation[]> {
    this.sweeps += 1;
    for (const page of this.pages) {
      this.pagesRead += 1;
      yield page;
    }
  }

  async index() {
    const { idsPerRequest } = this;
    if (idsPerRequest === null) return null;
    const find = async (ids: number[]) => {
      const failure = this.failNextLookUp;
      this.failNextLookUp = null;
      if (failure) throw failure;
      for (let start = 0; start < ids.length; start += idsPerRequest) {
        this.lookUps.push(ids.slice(start, start + idsPerRequest));
      }
      const wanted = new Set(ids);
      return this.pages.flat().filter(({ sequentialId }) => wanted.has(sequentialId));
    };
    return { idsPerRequest, find };
  }

  get requests(): number {
    return this.pagesRead + this.lookUps.length;
  }
}

/** Observations 1 to `count`, `perPage` on a page. */
function pagesOf(count: number, perPage: number): Observation[][] {
  const all = range(1, count).map(sequentialId => ({ id: `obs-${sequentialId}`, sequentialId }));
  return range(1, Math.ceil(count / perPage)).map(page => all.slice((page - 1) * perPage, page * perPage));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('Finding observations', () => {
  it('spends on a huge table at most twice what the index alone would have cost', async () => {
    const table = new FakeTable(pagesOf(100_000, 1000), 25);
    const finder = new ObservationFinder(table);
    await finder.find(range(1, 1000));
    expect(table.requests).to.equal(80);
    await finder.find(range(1001, 2000));
    expect(table.requests).to.equal(160);
  });

  it('does not take an id for unknown because a look-up failed', async () => {
    const table = new FakeTable(pagesOf(10, 1000), 25);
    const finder = new ObservationFinder(table);
    table.failNextLookUp = new Error('broken');
    expect((await rejection(finder.find([3]))).message).to.equal('broken');
    expect((await finder.find([3])).size).to.equal(1);
  });

  it('finds just what is there and never costs more than twice the cheaper way', async () => {
    const table = fc.array(fc.array(fc.nat(60), { maxLength: 6 }), { maxLength: 12 });
    const questions = fc.array(fc.array(fc.nat(70), { maxLength: 30 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        table,
        questions,
        fc.option(fc.integer({ min: 1, max: 5 })),
        async (ids, asked, idsPerRequest) => {
          const pages = ids.map((page, at) =>
            page.map((sequentialId, index) => ({ id: `${at}.${index}`, sequentialId })),
          );
          const fake = new FakeTable(pages, idsPerRequest);
          const finder = new ObservationFinder(fake);
          for (const wanted of asked) {
            const found = await finder.find(wanted);
            for (const id of wanted) {
              const expected = pages.flat().filter(({ sequentialId }) => sequentialId === id);
              expect(found.get(id) ?? []).to.have.deep.members(expected);
            }
            expect([...found.keys()].every(id => wanted.includes(id))).to.equal(true);
          }
          const seen = new Set<number>();
          const byIndex = asked.reduce((sum, wanted) => {
            const fresh = new Set(wanted.filter(id => !seen.has(id)));
            for (const id of fresh) seen.add(id);
            return sum + Math.ceil(fresh.size / (idsPerRequest ?? 1));
          }, 0);
          if (idsPerRequest === null) expect(fake.requests).to.be.at.most(pages.length);
          else expect(fake.requests).to.be.at.most(2 * Math.min(byIndex, pages.length + 1));
        },
      ),
    );
  });
});
