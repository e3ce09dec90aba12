/** What a call that answers several questions says about one of them; undefined: nothing. */
type Answers<Value> = (key: string) => { readonly value: Value } | undefined;

/** A question that waits for the call that takes it along. */
interface Waiting<Value> {
  readonly key: string;
  readonly answer: Promise<Value>;
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/**
 * Joins questions that are asked in the same turn of the event loop into calls of many, for APIs whose calls
 * take several names. Nothing is remembered: a question that is asked later is asked of AWS again.
 *
 * @param most questions that one call takes
 * @param ask makes the call. What it leaves unanswered is asked again by itself; an answer to one question
 *   must not be undefined.
 * @param refusesAll whether the call failed for one question's sake, such as one that the credentials do not
 *   allow: then each is asked by itself
 */
export function inBatches<Value>(
  most: number,
  ask: (keys: readonly string[]) => Promise<Answers<Value>>,
  refusesAll: (error: unknown) => boolean,
): (key: string) => Promise<Value> {
  let waiting = new Map<string, Waiting<Value>>();
  const alone = async ({ key, resolve, reject }: Waiting<Value>) => {
    try {
      const found = (await ask([key]))(key);
      if (found === undefined) throw new Error(`no answer about ${key}`);
      resolve(found.value);
    } catch (error) {
      reject(error);
    }
  };
  const together = async (some: readonly Waiting<Value>[]) => {
    const [first, ...others] = some;
    if (first === undefined) return;
    if (others.length === 0) return alone(first);
    try {
      const answers = await ask(some.map(({ key }) => key));
      for (const one of some) {
        const found = answers(one.key);
        if (found === undefined) void alone(one);
        else one.resolve(found.value);
      }
    } catch (error) {
      if (refusesAll(error)) for (const one of some) void alone(one);
      else for (const one of some) one.reject(error);
    }
  };
  const send = () => {
    const all = [...waiting.values()];
    waiting = new Map();
    for (let from = 0; from < all.length; from += most) void together(all.slice(from, from + most));
  };
  return (key) => {
    const known = waiting.get(key);
    if (known !== undefined) return known.answer;
    // After all that is ready to run now has run: what asks next to each other asks together.
    if (waiting.size === 0) queueMicrotask(() => process.nextTick(send));
    const { promise: answer, resolve, reject } = Promise.withResolvers<Value>();
    waiting.set(key, { key, answer, resolve, reject });
    return answer;
  };
}

/**
 * One batch of questions for each client, run and further key. Questions of different runs stay apart, so
 * that the end of one does not take the other's answer away.
 *
 * @param open makes the batch for the first question
 */
export function batchesPer<Client extends object, Value>(
  open: (client: Client, key: string, signal: AbortSignal) => (key: string) => Promise<Value>,
): (client: Client, key: string, signal: AbortSignal) => (key: string) => Promise<Value> {
  type Ask = (key: string) => Promise<Value>;
  const perClient = new WeakMap<Client, WeakMap<AbortSignal, Map<string, Ask>>>();
  return (client, key, signal) => {
    const perSignal = perClient.get(client) ?? new WeakMap<AbortSignal, Map<string, Ask>>();
    perClient.set(client, perSignal);
    const perKey = perSignal.get(signal) ?? new Map<string, Ask>();
    perSignal.set(signal, perKey);
    const ask = perKey.get(key) ?? open(client, key, signal);
    perKey.set(key, ask);
    return ask;
  };
}
