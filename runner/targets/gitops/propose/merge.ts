import { firstLine } from "../../../../config/problems/first-line.ts";
import { type Clock, poll, pollPolicy, systemClock } from "../../poll.ts";
import type { TargetContext } from "../../target.ts";
import type { Forge, PullRequest } from "./forge.ts";

/** People need minutes, and servers count calls: GitHub allows 5000 an hour. */
const mergePolicy = { ...pollPolicy, firstMilliseconds: 1000, longestMilliseconds: 20_000 };

/** Waits until a pull request is merged or closed; undefined when the time is up. */
export async function awaitMerge(
  forge: Forge,
  { number, url }: Pick<PullRequest, "number" | "url">,
  seconds: number,
  { emit, signal, step }: Pick<TargetContext, "emit" | "signal" | "step">,
  clock: Clock = systemClock,
): Promise<PullRequest | undefined> {
  emit({ kind: "step-log", id: step, line: `waiting for the merge of ${url}` });
  emit({ kind: "step-progress", id: step, message: `${forge.noun} #${number} is not merged yet` });
  return poll(
    async () => {
      const now = await forge.get(number);
      return now.state === "open" ? undefined : now;
    },
    {
      clock,
      policy: mergePolicy,
      until: clock.now() + seconds * 1000,
      signal,
      onNoAnswer: (error, isFirst) => {
        if (isFirst) {
          emit({ kind: "step-log", id: step, line: `no answer, trying again: ${firstLine(error)}` });
        }
      },
    },
  );
}
