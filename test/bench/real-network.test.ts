import { expect } from 'chai';
import { realisticFolder, secondsLeft } from '../../bench/real-network.ts';
import { formatDuration } from '../../src/run/text/format.ts';
import { readName } from '../../stages/file-name.ts';

describe('The row of the real-shaped network', () => {
  it('reads from a line of progress how much time is said to be left', () => {
    for (const seconds of [0, 45, 200, 22_320]) {
      const line = `12/2,000 files · 3.0 MiB/2.0 GiB · 9.1 MiB/s · ${formatDuration(seconds)} left · 2 need attention`;
      expect(secondsLeft(line)).to.equal(seconds);
    }
  });

  it('takes no other line for it', () => {
    expect(secondsLeft('12/2,000 files · 3.0 MiB/2.0 GiB')).to.equal(null);
  });

  it('has a folder in which every name shows observations that there are', () => {
    const { files, observations, links } = realisticFolder();
    const shown = files.map(({ name }) => {
      const reading = readName(name, { naming: 'strict', maxRange: 100, prefixes: false });
      return 'problem' in reading ? [] : reading.sequentialIds;
    });
    expect(shown.filter(ids => ids.length === 0)).to.have.length(0);
    expect(shown.flat()).to.have.length(links);
    const last = observations.first + observations.count - 1;
    expect(shown.flat().every(id => id >= observations.first && id <= last)).to.equal(true);
    expect(new Set(files.map(({ path, name }) => `${path}/${name}`))).to.have.property('size', files.length);
  });
});
