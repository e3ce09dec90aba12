import { type Clone, fetchTip, openClone } from "./clone.ts";
import type { Remote } from "./remote.ts";

/** A manifest repository at one commit of its branch. */
export interface Tip {
  readonly clone: Clone;
  readonly commit: string;
}

/**
 * How long what was fetched is taken for current where many targets of a run ask. What is written is fetched
 * again in any case.
 */
const freshMilliseconds = 2000;

interface Known {
  readonly tip: Promise<Tip>;
  /** By `performance.now()`; Infinity while it is being fetched. */
  until: number;
}

const known = new Map<string, Known>();

/**
 * The branch as it is now. Targets that share a branch share the question.
 *
 * @throws UserError when the repository can't be reached, or has no such branch
 */
export function readTip(remote: Remote, signal: AbortSignal): Promise<Tip> {
  const key = keyOf(remote);
  const recent = known.get(key);
  if (recent !== undefined && performance.now() < recent.until) return recent.tip;
  const asked: Known = { tip: fetchNow(remote, signal), until: Number.POSITIVE_INFINITY };
  known.set(key, asked);
  asked.tip.then(
    () => {
      asked.until = performance.now() + freshMilliseconds;
    },
    () => known.delete(key),
  );
  return asked.tip;
}

/** Forgets what was fetched: the next question fetches again. */
export function forgetTip(remote: Remote): void {
  known.delete(keyOf(remote));
}

async function fetchNow(remote: Remote, signal: AbortSignal): Promise<Tip> {
  const clone = await openClone(remote);
  return { clone, commit: await fetchTip(clone, signal) };
}

function keyOf({ cache, key }: Remote): string {
  return `${cache} ${key}`;
}
