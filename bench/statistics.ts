/** The middle value; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = sorted.length % 2 === 1 ? [middle, middle] : [middle - 1, middle];
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2;
}

/**
 * How much longer one takes than the other: the median of the pairs' ratios, not the ratio of the medians,
 * since both of a pair ran right after one another on a machine whose speed drifts.
 */
export function medianRatio(ours: readonly number[], peers: readonly number[]): number {
  const pairs = ours.flatMap((value, index) => {
    const peer = peers[index];
    return peer === undefined || peer === 0 ? [] : [value / peer];
  });
  return median(pairs);
}
