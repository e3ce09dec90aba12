/** An index for each list that was asked for a name. */
const indexes = new WeakMap<readonly object[], ReadonlyMap<string, object>>();

/**
 * The service of a name. The list is walked once, however often it is asked, so that a thousand services
 * which each ask for another don't walk it a thousand times. The list must not change afterwards.
 */
export function serviceNamed<S extends { readonly name: string }>(
  services: readonly S[],
  name: string,
): S | undefined {
  const known = indexes.get(services) ?? new Map(services.map((one) => [one.name, one]));
  indexes.set(services, known);
  return known.get(name) as S | undefined;
}
