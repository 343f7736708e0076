import { expect } from 'chai';
import { bandwidthAt, parseBandwidth } from '../../src/config/bandwidth.ts';

const K = 1024;
const M = 1024 * K;

/** Monday, 2 November 2026 is day 0. */
const at = (day: number, time: string) => new Date(`2026-11-0${2 + day}T${time}:00`);

describe('a bandwidth limit', () => {
  const rates = {
    '20M': 20 * M,
    '512k': 512 * K,
    '1.5M': 1.5 * M,
    '1G': K * M,
    '4096B': 4096,
    '2MiB': 2 * M,
    '2mb': 2 * M,
  };
  it('is a rate at any time, or none', () => {
    const none = { off: null, '': null, ' off ': null };
    for (const [text, rate] of Object.entries({ ...rates, ...none }))
      expect(bandwidthAt(parseBandwidth(text)!, at(3, '12:00')), text).to.equal(rate);
  });

  it('is refused in any other form', () => {
    for (const rate of ['fast', '10', '-1M', '4096', '1X', '0', '1e9', '1M 2M'])
      expect(parseBandwidth(rate), rate).to.equal(null);
    for (const table of ['08:00', '08:00,', '25:00,1M', '08:60,1M', '08:00,1M 18:00', 'Mo-08:00,1M'])
      expect(parseBandwidth(table), table).to.equal(null);
  });

  it('follows the times of day, and the last entry lasts through the night', () => {
    const table = parseBandwidth('08:00,2M 18:00,off 23:30,512k')!;
    expect(bandwidthAt(table, at(2, '08:00'))).to.equal(2 * M);
    expect(bandwidthAt(table, at(2, '17:59'))).to.equal(2 * M);
    expect(bandwidthAt(table, at(2, '18:00'))).to.equal(null);
    for (const day of [0, 3, 6]) expect(bandwidthAt(table, at(day, '07:59'))).to.equal(512 * K);
  });

  it('knows days of the week', () => {
    const table = parseBandwidth('Mon-08:00,2M Sat-00:00,off')!;
    expect(bandwidthAt(table, at(4, '23:59'))).to.equal(2 * M);
    expect(bandwidthAt(table, at(5, '00:00'))).to.equal(null);
    expect(bandwidthAt(table, at(0, '07:59')), 'Monday before 8: as on Sunday').to.equal(null);
  });

  it('lets an entry of one day replace that of every day', () => {
    const table = parseBandwidth('08:00,2M Sun-08:00,off')!;
    expect(bandwidthAt(table, at(6, '09:00'))).to.equal(null);
    expect(bandwidthAt(table, at(0, '09:00'))).to.equal(2 * M);
  });
});
