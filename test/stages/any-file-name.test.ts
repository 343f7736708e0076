import { expect } from 'chai';
import fc from 'fast-check';
import { MAX_SEQUENTIAL_ID, type NameRules, type Naming, readName } from '../../stages/file-name.ts';

const RULES: NameRules = { naming: 'relaxed', maxRange: 100, prefixes: false };

const read = (name: string, more: Partial<NameRules>) => readName(name, { ...RULES, ...more });

function idsOf(name: string, naming: Naming): string {
  const reading = read(name, { naming });
  return 'problem' in reading ? '-' : reading.sequentialIds.join(',');
}

const digits = fc.oneof(
  fc.stringMatching(/^[0-9]{1,6}$/),
  fc.stringMatching(/^0{0,3}[0-9]{1,12}$/),
  fc.bigInt(2n ** 31n - 3n, 2n ** 31n + 3n).map(String),
  fc.stringMatching(/^[0-9]{15,40}$/),
);

const extension = fc.constantFrom('jpg', 'JPG', 'jpeg', 'png', 'mp4', 'MOV', 'jfif', 'wmv', 'pdf', '');

/** Names that are nearly or wholly of the known forms. */
const likelyName = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 3, arbitrary: digits },
        fc.constantFrom('-', '+', ',', ' ', '.', 'a', 'AB', 'ק', ' (1)', ' - Copy', '\u200f', 'e\u0301', '/'),
      ),
      { maxLength: 6 },
    ),
    extension,
  )
  .map(([parts, end]) => `${parts.join('')}.${end}`);

const anyName = fc.oneof(
  likelyName,
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary' }).map(text => `${text}.jpg`),
  // Half surrogate pairs, which Drive can hold as well.
  fc.array(fc.integer({ min: 0, max: 0xffff })).map(units => String.fromCharCode(...units)),
);

const rules = fc.record({
  naming: fc.constantFrom<Naming>('strict', 'relaxed'),
  maxRange: fc.integer({ min: 1, max: 300 }),
  prefixes: fc.boolean(),
});

describe('Any name at all', () => {
  it('is refused with a reason, or gives ids for a GraphQL Int, each once, no more than allowed, a range without gaps', () => {
    fc.assert(
      fc.property(anyName, rules, (name, given) => {
        const reading = readName(name, given);
        if ('problem' in reading) {
          expect(reading.problem.message).not.to.equal('');
          return;
        }
        const { sequentialIds: ids, pattern } = reading;
        expect(ids).not.to.deep.equal([]);
        expect('prefix' in reading).to.equal(given.prefixes);
        expect(ids.every(id => Number.isInteger(id) && id >= 0 && id <= MAX_SEQUENTIAL_ID)).to.equal(true);
        expect(new Set(ids).size).to.equal(ids.length);
        expect(ids.length).to.be.at.most(given.maxRange);
        if (pattern === 'range') expect(ids.every((id, index) => id === ids[0]! + index)).to.equal(true);
        if (pattern === 'single' || pattern === 'multiple') expect(ids).to.have.length(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('that is readable strictly has the same reading relaxed', () => {
    const strictName = fc
      .tuple(
        digits,
        fc.oneof(
          fc.constant(''),
          fc.stringMatching(/^[a-z]$/),
          digits.map(text => `-${text}`),
        ),
        extension,
      )
      .map(([first, rest, end]) => `${first}${rest}.${end}`);
    fc.assert(
      fc.property(fc.oneof(strictName, likelyName), fc.boolean(), (name, prefixes) => {
        const strict = read(name, { naming: 'strict', prefixes });
        if ('problem' in strict) return;
        expect(read(name, { prefixes })).to.deep.equal(strict);
      }),
      { numRuns: 2000 },
    );
  });

  it('of digits alone is that very number or refused, never a rounded one', () => {
    fc.assert(
      fc.property(digits, fc.constantFrom<Naming>('strict', 'relaxed'), (text, naming) => {
        const ids = idsOf(`${text}.jpg`, naming);
        const exact = BigInt(text);
        expect(ids).to.equal(exact > BigInt(MAX_SEQUENTIAL_ID) ? '-' : String(exact));
      }),
      { numRuns: 1000 },
    );
  });

  it('of two numbers is exactly the numbers between them or refused', () => {
    fc.assert(
      fc.property(
        digits,
        fc.bigInt(-3n, 120n),
        fc.constantFrom<Naming>('strict', 'relaxed'),
        (text, width, naming) => {
          const from = BigInt(text);
          const to = from + width < 0n ? 0n : from + width;
          const ids = idsOf(`${text}-${to}.jpg`, naming);
          const count = Number(to - from) + 1;
          const readable = to >= from && count <= 100 && to <= BigInt(MAX_SEQUENTIAL_ID);
          const expected = Array.from({ length: readable ? count : 0 }, (_, index) => from + BigInt(index));
          expect(ids).to.equal(readable ? expected.join(',') : '-');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('that lists ids gives them in the order of the name', () => {
    const list = fc.array(fc.nat(MAX_SEQUENTIAL_ID), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(list, fc.constantFrom('+', ',', ', ', ' + '), (ids, separator) => {
        expect(idsOf(`${ids.join(separator)}.mp4`, 'relaxed')).to.equal([...new Set(ids)].join(','));
      }),
    );
  });

  it('takes time that grows with the name', () => {
    const spaces = ' '.repeat(32_000);
    const before = performance.now();
    for (const stem of [
      `1${spaces}x`,
      `1${'(1)'.repeat(10_000)}x`,
      `1${' - Copy'.repeat(5_000)}`,
      `1 ${'('.repeat(32_000)})`,
    ])
      readName(`${stem}.jpg`, RULES);
    expect(performance.now() - before).to.be.below(1_000);
  });
});
