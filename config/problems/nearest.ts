import { distance } from "fastest-levenshtein";

/**
 * The candidate that was most likely meant, or undefined when nothing is near: at most a third of the
 * letters differ (two at least), so that a suggestion is never a wild guess.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (best === undefined || d < best.distance) best = { candidate, distance: d };
  }
  if (best === undefined || best.distance > Math.max(2, Math.floor(word.length / 3))) return undefined;
  return best.candidate;
}

/**
 * `did you mean "ui"? (there are: cart, ui)`: the fix for a name that does not exist.
 *
 * @param candidates names that exist; undefined when nobody may list them
 */
export function didYouMean(word: string, candidates: readonly string[] | undefined): string {
  if (candidates === undefined) return "check the name (these credentials may not list which ones exist)";
  const guess = nearest(word, candidates);
  const all = candidates.length === 0 ? "there are none" : `there are: ${[...candidates].sort().join(", ")}`;
  return guess === undefined ? `choose one that exists (${all})` : `did you mean "${guess}"? (${all})`;
}
