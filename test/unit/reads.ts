/**
 * How often `work` reads a property or an element of a list and of everything in it: what a program does,
 * counted, where its time would only say how busy the machine is.
 */
export function countReads<T extends object>(
  list: readonly T[],
  work: (list: readonly T[]) => unknown,
): number {
  let reads = 0;
  const seen = new WeakMap<object, object>();
  const counted = <O extends object>(object: O): O => {
    const known = seen.get(object) as O | undefined;
    if (known !== undefined) return known;
    const proxy = new Proxy(object, {
      get: (target, key) => {
        reads += 1;
        const value: unknown = Reflect.get(target, key);
        return typeof value === "object" && value !== null ? counted(value) : value;
      },
    });
    seen.set(object, proxy);
    return proxy;
  };
  work(counted(list));
  return reads;
}

/**
 * How many times more is read for a thousand than for a hundred: about ten where the work grows with the
 * list, a hundred where it grows with its square.
 *
 * @param make a list of so many
 */
export function growth<T extends object>(
  make: (count: number) => readonly T[],
  work: (list: readonly T[]) => unknown,
): number {
  return countReads(make(1000), work) / countReads(make(100), work);
}
