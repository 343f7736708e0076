import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant: one that begins so, or differs by a letter in three; null if none is near. */
export function nearest(typed: string, candidates: readonly string[]): string | null {
  const text = typed.toLowerCase();
  if (text === '') return null;
  const beginsSo = candidates.filter(candidate => candidate.startsWith(text));
  if (beginsSo.length === 1) return beginsSo[0]!;
  let found: string | null = null;
  let least = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const letters = distance(text, candidate);
    if (letters < least) {
      least = letters;
      found = candidate;
    }
  }
  return found;
}
