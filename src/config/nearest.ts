import { distance } from 'fastest-levenshtein';

/** The only candidate with this prefix, or the closest with at most one typo in three letters; null if there is none. */
export function nearest(typed: string, candidates: readonly string[]): string | null {
  const text = typed.toLowerCase();
  if (text === '') return null;
  const completions = candidates.filter(candidate => candidate.startsWith(text));
  if (completions.length === 1) return completions[0]!;
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
