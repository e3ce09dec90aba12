import type { Service, ServiceDeployment, Task } from "@aws-sdk/client-ecs";
import type { EcsApplied } from "../apply.ts";
import { primaryOf, revisionName } from "../state.ts";
import { describeStop, failedTasks } from "../tasks/stops.ts";
import type { Acceptance } from "./acceptance.ts";
import { hopeless } from "./crash-loop.ts";
import { acceptedEnd, type DeploymentEnd, ended, failedEnd } from "./ends.ts";
import { type Line, tell, tellEvents } from "./lines.ts";
import { failureCount, failureLimit, placementTrouble } from "./progress.ts";
import { pauseHints, type WatchedStage, watchStage } from "./stage-watch.ts";
import type { FollowState } from "./state.ts";
import { findDeployment, judgeDeployment, judgeRollback, type Verdict } from "./verdict.ts";

/** Number of failed tasks after which Slipway warns. */
const manyFailures = 3;
/** Without a circuit breaker, ECS does not count failures: Slipway reads stopped tasks at every n-th look. */
const looksBetweenCounts = 4;

/** What only some looks read, because it takes more calls. */
export type Further =
  | { readonly what: "stopped" }
  /** Whether to accept the tasks of a deployment that ECS calls complete. */
  | { readonly what: "acceptance"; readonly service: Service; readonly desired: number }
  /** What explains a failure so far. */
  | { readonly what: "evidence"; readonly state: FollowState };

/** One look at a deployment. */
export interface Look {
  /** Undefined: the service no longer exists. */
  readonly service: Service | undefined;
  readonly ours: ServiceDeployment | undefined;
  /** Number of the look, from 0. */
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Stopped tasks of the revision, newest first. */
  readonly stopped?: readonly Task[];
  readonly acceptance?: Acceptance;
  readonly evidence?: readonly string[];
}

/** What follows from a look: the next state, or a request for more. */
export type Step =
  | { readonly kind: "wants"; readonly further: Further }
  | {
      readonly kind: "state";
      readonly state: FollowState;
      readonly say: readonly Line[];
      /** Undefined: it has not ended. */
      readonly end?: DeploymentEnd;
    };

/**
 * The next state of a deployment, the lines to report, and its end if it has ended. If a look lacks
 * something, the result asks for it; the complete look then decides.
 */
export function next(before: FollowState, look: Look, applied: EcsApplied): Step {
  const { service, ours } = look;
  if (service === undefined) {
    const end = ended(before, "failed", "the service was deleted while it was followed");
    return { kind: "state", state: before, say: [], end: { ...end, revisionArn: undefined } };
  }
  const stage = watchStage(before.stage, ours, look.at);
  const verdict = verdictOf(before, look, service, stage, applied);
  const failures = failureCount(findDeployment(service, applied), ours);
  const counted = countFailures(before, look, service, verdict, failures);
  if (counted.wants) return { kind: "wants", further: { what: "stopped" } };
  const events = tellEvents(before.told, service);
  const hints = pauseHints(ours).map((text) => ({ kind: "log", text, once: true }) as const);
  const state: FollowState = {
    ...before,
    stage,
    last: { service, ours, verdict },
    failures: verdict.kind === "waiting" ? Math.max(before.failures, failures) : before.failures,
  };
  const led = lead(state, look, applied, counted.hopeless);
  if (led.kind === "wants") return led;
  const told = tell(events.told, [...hints, ...counted.say, ...led.say]);
  return {
    kind: "state",
    state: { ...led.state, told: told.told },
    say: [...events.say, ...told.say],
    ...(led.end === undefined ? {} : { end: led.end }),
  };
}

function verdictOf(
  { failure }: FollowState,
  { ours, at }: Look,
  service: Service,
  { stage, since }: WatchedStage,
  applied: EcsApplied,
): Verdict {
  const watch = { stage, milliseconds: since === undefined ? undefined : at - since };
  if (failure !== undefined) return judgeRollback(service, applied, ours);
  const verdict = judgeDeployment(service, applied, ours, watch);
  const trouble = placementTrouble(service, applied.createdAt);
  return verdict.kind === "waiting" && trouble !== undefined
    ? { ...verdict, message: `${verdict.message}, ${trouble}` }
    : verdict;
}

interface CountedFailures {
  readonly wants: boolean;
  readonly say: readonly Line[];
  /** The tasks that were searched for a reason to give up; undefined at most looks. */
  readonly hopeless: readonly Task[] | undefined;
}

/** What to report about failed tasks if there are more than before. */
function countFailures(
  before: FollowState,
  { ours, attempt, stopped }: Look,
  service: Service,
  verdict: Verdict,
  failures: number,
): CountedFailures {
  const limit = failureLimit(service, ours);
  const more = failures > before.failures;
  const looksThrough = limit === undefined && attempt % looksBetweenCounts === 3;
  if (verdict.kind !== "waiting" || !(more || looksThrough)) {
    return { wants: false, say: [], hopeless: undefined };
  }
  if (stopped === undefined) return { wants: true, say: [], hopeless: undefined };
  const [newest] = stopped;
  const why = newest === undefined ? "" : `: ${describeStop(newest)}`;
  const text = `failed tasks ${failures}${limit === undefined ? "" : ` of ${limit}`}${why}`;
  const warned = limit === undefined && failures >= manyFailures;
  return {
    wants: false,
    say: more ? [{ kind: "log", text }, ...(warned ? [{ kind: "keeps failing", why } as const] : [])] : [],
    hopeless: looksThrough ? stopped : undefined,
  };
}

/** What follows from the verdict of a look. */
function lead(
  state: FollowState,
  { acceptance, evidence }: Look,
  applied: EcsApplied,
  stopped: readonly Task[] | undefined,
): Step {
  const goOn = (more: Partial<FollowState>, say: readonly Line[], end?: DeploymentEnd): Step => ({
    kind: "state",
    state: { ...state, ...more },
    say,
    ...(end === undefined ? {} : { end }),
  });
  if (state.last === undefined) return goOn({}, []);
  const wantsEvidence: Step = { kind: "wants", further: { what: "evidence", state } };
  const { service, verdict } = state.last;
  const name = revisionName(applied.revisionArn);
  switch (verdict.kind) {
    case "waiting": {
      const running = findDeployment(service, applied)?.runningCount ?? 0;
      const reason = stopped === undefined ? undefined : hopeless(failedTasks(stopped), running);
      if (reason === undefined) return goOn({}, [{ kind: "progress", text: verdict.message }]);
      if (evidence === undefined) return wantsEvidence;
      const message = `${name} does not start: ${reason}; ECS keeps trying (the service has no deployment circuit breaker)`;
      return goOn({}, [], ended(state, "failed", message, evidence));
    }
    case "settled": {
      const say = [{ kind: "progress", text: verdict.message } as const];
      if (verdict.desired === 0) {
        return goOn({}, say, ended(state, "done", `${name} is set; desired count is 0, so nothing runs`));
      }
      if (acceptance === undefined) {
        return { kind: "wants", further: { what: "acceptance", service, desired: verdict.desired } };
      }
      if (acceptance.kind === "open") return goOn({ unhealthy: acceptance.waiting }, say);
      if (acceptance.kind === "tasks keep stopping" && evidence === undefined) {
        return wantsEvidence;
      }
      return goOn({}, say, acceptedEnd(state, applied, acceptance, verdict.desired, evidence ?? []));
    }
    case "overtaken":
      return goOn({}, [], ended(state, "failed", verdict.reason));
    case "failed": {
      if (state.failure === undefined && evidence === undefined) return wantsEvidence;
      const failure = state.failure ?? { reason: verdict.reason, evidence: evidence ?? [] };
      const say: Line[] = state.failure === undefined ? [{ kind: "log", text: verdict.reason }] : [];
      if (verdict.rollback === "in progress") {
        const text = `rolling back to ${revisionName(primaryOf(service)?.taskDefinition)}`;
        return goOn({ failure }, [...say, { kind: "progress", text }]);
      }
      const end = failedEnd({ ...state, failure }, applied, verdict.rollback === "complete");
      return goOn({ failure }, say, end);
    }
  }
}
