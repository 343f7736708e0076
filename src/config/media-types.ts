/** Which values of an enum mean a photo and a video. */

/** The enum's values for photos and videos; null where none, or more than one, could be meant. */
interface MediaTypes {
  image: string | null;
  video: string | null;
}

const WORDS = {
  image: ['IMAGE', 'PHOTO', 'PICTURE', 'STILL'],
  video: ['VIDEO', 'MOVIE', 'FILM', 'CLIP'],
} as const;

export function mediaTypesIn(values: readonly string[]): MediaTypes {
  const only = (words: readonly string[]) => {
    const matching = values.filter(value => words.includes(value.toUpperCase()));
    return matching.length === 1 ? matching[0]! : null;
  };
  return { image: only(WORDS.image), video: only(WORDS.video) };
}
