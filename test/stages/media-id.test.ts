import { expect } from 'chai';
import { mediaIdOf } from '../../stages/media-id.ts';

describe('The id of a media record', () => {
  it('is always the same for one observation and key, in this version and all later ones', () => {
    expect(mediaIdOf('obs-1', 'media/obs-1/6602.jpg')).to.equal('d11c5a4c-ca59-526b-96a0-3acd6cf297e0');
    expect(mediaIdOf('a', 'bc')).not.to.equal(mediaIdOf('ab', 'c'));
  });
});
