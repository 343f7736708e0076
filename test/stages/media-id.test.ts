import { expect } from 'chai';
import fc from 'fast-check';
import { mediaIdOf } from '../../stages/media-id.ts';

describe('The id of a media record', () => {
  it('is always the same for one observation and key, in this version and all later ones', () => {
    expect(mediaIdOf('obs-1', 'media/obs-1/6602.jpg')).to.equal('d11c5a4c-ca59-526b-96a0-3acd6cf297e0');
  });

  it('is a UUID of version 5', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (observationId, key) => {
        expect(mediaIdOf(observationId, key)).to.match(
          /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });

  it('is another one for another observation or another key', () => {
    const text = fc.stringMatching(/^[a-z0-9/.-]{1,6}$/);
    fc.assert(
      fc.property(fc.tuple(text, text), fc.tuple(text, text), (one, other) => {
        const same = one[0] === other[0] && one[1] === other[1];
        expect(mediaIdOf(...one) === mediaIdOf(...other)).to.equal(same);
      }),
    );
    expect(mediaIdOf('a', 'bc')).not.to.equal(mediaIdOf('ab', 'c'));
  });
});
