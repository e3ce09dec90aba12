/** Targets that move in parallel. */
export interface Group<T> {
  readonly order: number;
  readonly members: readonly T[];
}

/**
 * Groups by `order`, the lowest first; inside a group the order they came in is kept.
 *
 * @param orderOf the `order` of the target in services.yaml
 */
export function groupByOrder<T>(all: readonly T[], orderOf: (one: T) => number): readonly Group<T>[] {
  const groups = [...Map.groupBy(all, orderOf)];
  return groups.map(([order, members]) => ({ order, members })).sort((one, other) => one.order - other.order);
}
