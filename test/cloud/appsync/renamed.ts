/** Names of a project whose models are called Sighting and Photo; everything else about it is the same. */
const NAMES: Readonly<Record<string, string>> = {
  sequentialId: 'number',
  url: 'address',
  observationId: 'sightingId',
  isAvailableForPublicUse: 'isPublic',
  listObservationBySequentialId: 'sightingsByNumber',
};
const WORDS = new RegExp(`\\b(${Object.keys(NAMES).join('|')})\\b`, 'g');

/** A name, or all names in a text. */
export function renamed(text: string): string {
  return text
    .replace(WORDS, name => NAMES[name]!)
    .replaceAll('Observation', 'Sighting')
    .replaceAll(/Media(?!Type)/g, 'Photo');
}
