/** Real, small media made from nothing: what the demo migrates and what a browser can show afterwards. */
import { avi } from './avi.ts';
import { gif } from './gif.ts';
import { jpeg } from './jpeg.ts';
import { movie } from './movie.ts';
import { picture } from './picture.ts';
import { png } from './png.ts';

export type SampleExtension = 'jpg' | 'jpeg' | 'jfif' | 'png' | 'gif' | 'mp4' | 'mov' | 'avi';

const FRAMES = 12;
const FRAMES_PER_SECOND = 12;

/** A valid file of the format; the same for the same seed (a whole number ≥ 0), another for another. Less than 40 kB. */
export function sampleMedia(extension: SampleExtension, seed: number): Buffer {
  const comment = `sample ${seed}`;
  switch (extension) {
    case 'jpg':
    case 'jpeg':
    case 'jfif':
      return jpeg(picture(seed), comment);
    case 'png':
      return png(picture(seed), comment);
    case 'gif':
      return gif(picture(seed), comment);
    case 'mp4':
    case 'mov':
      return movie({ format: extension, frames: frames(seed), framesPerSecond: FRAMES_PER_SECOND });
    case 'avi':
      return avi(frames(seed), FRAMES_PER_SECOND);
  }
}

function frames(seed: number): Buffer[] {
  return Array.from({ length: FRAMES }, (_, frame) =>
    jpeg(picture(seed, frame), `sample ${seed}, frame ${frame}`),
  );
}
