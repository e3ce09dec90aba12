import { isDeepStrictEqual } from "node:util";
import { openClone } from "./clone.ts";
import type { WriteRequest } from "./edits.ts";
import type { Remote } from "./remote.ts";
import { forgetTip } from "./tip.ts";
import { type Written, writeImages } from "./write.ts";

interface Waiting {
  readonly remote: Remote;
  readonly request: WriteRequest;
  readonly signal: AbortSignal;
  settle(result: Promise<readonly Written[]>): void;
}

interface Queue {
  readonly waiting: Waiting[];
  working: boolean;
}

const queues = new Map<string, Queue>();

/**
 * Writes images into a branch, one commit at a time for each branch: what arrives while another commit is
 * being pushed goes into the next one together.
 *
 * @returns what became of each target of the request, in their order
 */
export function queueWrite(
  remote: Remote,
  request: WriteRequest,
  signal: AbortSignal,
): Promise<readonly Written[]> {
  const key = `${remote.cache} ${remote.key}`;
  const queue = queues.get(key) ?? { waiting: [], working: false };
  queues.set(key, queue);
  return new Promise((settle) => {
    queue.waiting.push({ remote, request, signal, settle });
    if (!queue.working) void work(queue);
  });
}

async function work(queue: Queue): Promise<void> {
  queue.working = true;
  // What is asked for in the same moment belongs to the first commit already.
  await Promise.resolve();
  for (let next = queue.waiting[0]; next !== undefined; next = queue.waiting[0]) {
    const together = takeTogether(queue, next);
    const targets = together.flatMap(({ request }) => request.targets);
    const written = openClone(next.remote).then((clone) =>
      writeImages(clone, { ...next.request, targets }, next.signal),
    );
    await written.catch(() => undefined);
    forgetTip(next.remote);
    let from = 0;
    for (const { request, settle } of together) {
      const [start, end] = [from, from + request.targets.length];
      settle(written.then((all) => all.slice(start, end)));
      from = end;
    }
  }
  queue.working = false;
}

/** Takes what can share a commit with the first that waits. */
function takeTogether({ waiting }: Queue, first: Waiting): readonly Waiting[] {
  const fits = ({ remote, request, signal }: Waiting) =>
    request.why === first.request.why &&
    request.stack === first.request.stack &&
    signal === first.signal &&
    isDeepStrictEqual(remote.api, first.remote.api);
  const together = waiting.filter(fits);
  waiting.splice(0, waiting.length, ...waiting.filter((one) => !fits(one)));
  return together;
}
