import { z } from "zod";
import { isAbort } from "../../../../config/problems/abort.ts";
import { UserError } from "../../../../config/problems/errors.ts";
import { firstLine } from "../../../../config/problems/first-line.ts";
import type { FollowSettings } from "../../../../config/targets/gitops/follow.ts";
import { check } from "../../checks.ts";
import { hintFor } from "../../hints.ts";
import { type Clock, poll, pollPolicy, systemClock } from "../../poll.ts";
import type { TargetCheck, TargetContext } from "../../target.ts";
import { followArgocd } from "./argocd/follower.ts";
import type { Delivery, DeliveryEnd } from "./delivery.ts";
import { followFlux } from "./flux/follower.ts";
import type { Follower, Sighting } from "./follower.ts";
import { deliveryHints } from "./hints.ts";
import { type FollowState, next, nothingSeen, type Step } from "./next.ts";
import { type Delivered, type Standing, sentenceOf, type Verdict } from "./verdict.ts";

export type { Delivery, DeliveryEnd, DeliveryVerdict } from "./delivery.ts";

type FollowContext = Pick<TargetContext, "emit" | "signal" | "step">;

/**
 * Follows a commit of the manifest repository until what deploys it runs our image, has failed, or the time
 * is up. Never throws for what a cluster answers: the commit is on its branch by then, and the end says so.
 *
 * @param open tests give another follower
 */
export async function followDelivery(
  delivery: Delivery,
  context: FollowContext,
  {
    clock = systemClock,
    open = openFollower,
  }: { readonly clock?: Clock; readonly open?: typeof openFollower } = {},
): Promise<DeliveryEnd> {
  const { commit, branch, follow } = delivery;
  const committed = `committed ${commit.slice(0, 10)} to ${branch}`;
  if (follow === "none") {
    return { verdict: "committed", message: `${committed}; nothing was proven`, evidence: [] };
  }
  const follower = open(follow, context, clock);
  let state = nothingSeen;
  const learn = learnStandings(delivery, clock);
  let delivered: Delivered = { ...delivery, standings: new Map() };
  const look = async (): Promise<Step["end"]> => {
    const sighting = await follower.look();
    delivered = { ...delivery, standings: await learn(sighting) };
    const step = next(state, sighting.judge(delivered), clock.now());
    state = step.state;
    if (step.progress !== undefined) {
      context.emit({ kind: "step-progress", id: context.step, message: step.progress });
    }
    if (step.log !== undefined) context.emit({ kind: "step-log", id: context.step, line: step.log });
    if (step.ask !== undefined) await follower.refresh(step.ask);
    return step.end;
  };
  const onNoAnswer = (error: Error, isFirst: boolean) => {
    if (!isFirst) return;
    const line = `no answer, trying again: ${firstLine(error)}`;
    context.emit({ kind: "step-log", id: context.step, line });
  };
  const seconds = "argocd" in follow ? follow.argocd.timeoutSeconds : follow.flux.timeoutSeconds;
  const until = delivery.startedAt + seconds * 1000;
  try {
    const end = await poll(look, { clock, policy: pollPolicy, until, signal: context.signal, onNoAnswer });
    if (end?.kind === "running") return { verdict: "running", message: end.message, evidence: [] };
    if (end === undefined) return await lateEnd(state, follower, delivered, seconds);
    const reason = `${follower.name}: ${end.reason}`;
    if (end.kind === "overtaken")
      return { verdict: "overtaken", message: reason, evidence: [], hint: overtakenHint };
    return withAdvice({ verdict: "failed", message: reason, evidence: await follower.evidence(delivered) });
  } catch (error) {
    return endOfError(error, committed, state, follower);
  }
}

/**
 * One look at what the cluster makes of a commit, for `status`.
 *
 * @throws UserError when the cluster can't be read
 */
export async function lookAtDelivery(
  delivery: Delivery & { readonly follow: Exclude<FollowSettings, "none"> },
  context: FollowContext,
): Promise<Verdict> {
  const follower = openFollower(delivery.follow, context, systemClock, true);
  const sighting = await follower.look();
  const standings = await learnStandings(delivery, systemClock)(sighting);
  return sighting.judge({ ...delivery, standings });
}

/**
 * Whether what follows a target can be read, and deploys from the target's repository and branch. Read-only.
 *
 * @param open tests give another follower
 */
export async function checkFollow(
  follow: FollowSettings,
  place: Pick<Delivery, "repository" | "branch">,
  context: FollowContext,
  open: typeof openFollower = openFollower,
): Promise<readonly TargetCheck[]> {
  if (follow === "none") return [];
  const follower = open(follow, context, systemClock);
  const checked = await check(
    follower.name,
    "deploys from the target's repository and branch",
    context.signal,
    async () => {
      try {
        const [fault] = await follower.faults(place);
        return fault;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        const [problem] = error.problems;
        // One that does not answer now may answer when the commit is there; one that refuses does not.
        if (problem?.code === "unreachable" || problem?.code === "throttled") throw error;
        const { message = firstLine(error), fix } = problem ?? {};
        return { message, ...(fix === undefined ? {} : { fix }) };
      }
    },
  );
  return [checked];
}

function openFollower(
  follow: Exclude<FollowSettings, "none">,
  context: FollowContext,
  clock: Clock,
  once = false,
): Follower {
  const log = (line: string) => context.emit({ kind: "step-log", id: context.step, line });
  return "argocd" in follow
    ? followArgocd(follow.argocd, { signal: context.signal, clock, log, once })
    : followFlux(follow.flux, { signal: context.signal, clock, log });
}

/** A revision that git did not know may have come with a later fetch. */
const askAgainMilliseconds = 30_000;

/** Asks git what the revisions are to our commit, each once: what is behind us now stays behind us. */
function learnStandings(
  { commit, comesAfter, holdsImage }: Delivery,
  clock: Clock,
): (sighting: Sighting) => Promise<ReadonlyMap<string, Standing>> {
  const standings = new Map<string, Standing>([[commit, "ours"]]);
  const askedAt = new Map<string, number>();
  return async ({ revisions }) => {
    for (const revision of revisions) {
      const known = standings.get(revision);
      const age = clock.now() - (askedAt.get(revision) ?? Number.NEGATIVE_INFINITY);
      if (known !== undefined && (known !== "before" || age < askAgainMilliseconds)) continue;
      askedAt.set(revision, clock.now());
      const isAfter = await comesAfter(revision);
      const holds = isAfter && (await holdsImage(revision));
      standings.set(revision, isAfter ? (holds ? "holds" : "overtaken") : "before");
    }
    return standings;
  };
}

const overtakenHint =
  "somebody else's commit set another image: see slipway status, and deploy again if ours is to run";

/** The time is up: what was missing, and whether it waits for a person. */
async function lateEnd(
  { last }: FollowState,
  follower: Follower,
  delivered: Delivered,
  seconds: number,
): Promise<DeliveryEnd> {
  if (last?.kind === "paused") {
    return { verdict: "paused", message: `${follower.name}: ${last.message}`, evidence: [], hint: last.hint };
  }
  const missing = last === undefined ? "no answer" : sentenceOf(last);
  const message = `${follower.name}: not done after ${seconds} s: ${missing}`;
  const evidence = last === undefined ? [] : await follower.evidence(delivered);
  return withAdvice({ verdict: "timed out", message, evidence });
}

function withAdvice(end: DeliveryEnd): DeliveryEnd {
  const hint = hintFor(end, deliveryHints);
  return hint === undefined ? end : { ...end, hint };
}

function endOfError(
  error: unknown,
  committed: string,
  { last }: FollowState,
  { name }: Follower,
): DeliveryEnd {
  if (isAbort(error)) {
    const where = last === undefined ? "" : `; ${name} then: ${sentenceOf(last)}`;
    return {
      verdict: "cancelled",
      message: `${committed}, and not followed to the end${where}`,
      evidence: [],
    };
  }
  if (error instanceof z.ZodError) {
    const message = `${committed}, but ${name} has an object that Slipway can't read: ${firstLine(z.prettifyError(error))}`;
    return { verdict: "failed", message, evidence: [] };
  }
  if (!(error instanceof UserError)) throw error;
  const [problem] = error.problems;
  const hint = problem?.fix;
  return {
    verdict: "failed",
    message: `${committed}, but ${name} can't be followed: ${problem?.message ?? firstLine(error)}`,
    evidence: [],
    ...(hint === undefined ? {} : { hint }),
  };
}
