import type { Service, ServiceDeployment } from "@aws-sdk/client-ecs";
import { isAbort } from "../../../../config/problems/abort.ts";
import type { Image } from "../../../registry/image.ts";
import type { Gate } from "../../gate.ts";
import { type Clock, poll, pollPolicy } from "../../poll.ts";
import type { TargetContext } from "../../target.ts";
import { alarmGates } from "../alarms.ts";
import type { EcsApplied } from "../apply.ts";
import { findService } from "../inspect.ts";
import { nameOf, primaryOf, revisionName, type TaskDefinition } from "../state.ts";
import { bakeSeconds } from "../strategy.ts";
import { collectEvidence, describeStop } from "../tasks/evidence.ts";
import { failedTasks, listTasks } from "../tasks/tasks.ts";
import { createAcceptance } from "./acceptance.ts";
import { hopeless } from "./crash-loop.ts";
import { createTeller } from "./narration.ts";
import { failureCount, failureLimit, placementTrouble } from "./progress.ts";
import { trackServiceDeployment } from "./service-deployment.ts";
import { createStageWatch, pauseHints } from "./stage-watch.ts";
import { readUnhealthy } from "./target-health.ts";
import { findDeployment, judge, judgeRollback, type Verdict } from "./verdict.ts";

/** How a deployment ended. */
export interface DeploymentEnd {
  readonly outcome: "done" | "failed" | "rolled back" | "cancelled";
  readonly message: string;
  readonly evidence: readonly string[];
  /** Revision that the service is set to now; undefined when that is not known. */
  readonly revisionArn: string | undefined;
  readonly runningCount: number | undefined;
  /** What had a say in it: the tasks themselves, their target groups, alarms. */
  readonly gates: readonly Gate[];
}

export interface FollowOptions {
  readonly context: TargetContext;
  readonly clock: Clock;
  readonly taskDefinition: TaskDefinition;
  readonly container: string;
  /** Beside the time that the service's strategy has it bake. */
  readonly timeoutSeconds: number;
  /** Container → image that the tasks must run; undefined to go by the revision only. */
  readonly images: Readonly<Record<string, Image>> | undefined;
  /** Whether the tasks must be healthy in the service's target groups. */
  readonly targetHealth: boolean;
}

/** Failed tasks after which it is said that it does not look good. */
const manyFailures = 3;
/** Without a circuit breaker nobody counts: stopped tasks are looked at every so many looks. */
const looksBetweenCounts = 4;

/** Follows a deployment, telling the service's new events, until it ended, failed or the time is up. */
export async function followDeployment(applied: EcsApplied, options: FollowOptions): Promise<DeploymentEnd> {
  const { context, clock } = options;
  const { clients, signal } = context;
  const teller = createTeller(context, applied);
  const accept = createAcceptance(applied, options);
  const watch = createStageWatch(clock);
  const track = trackServiceDeployment(clients, applied, (reason) =>
    teller.log(`following by the service's own list: the service deployments API answered: ${reason}`),
  );
  let last: { service: Service; ours: ServiceDeployment | undefined; verdict: Verdict } | undefined;
  let failure: { reason: string; evidence: string[] } | undefined;
  let toldFailures = 0;
  let unhealthy: readonly string[] = [];
  let until = untilOf(applied, options, undefined);

  const look = async (attempt: number): Promise<DeploymentEnd | undefined> => {
    const [found, ours] = await Promise.all([findService(clients, applied, signal), track(signal)]);
    if (found === undefined || found === "no cluster" || found.status === "INACTIVE") {
      return { ...ended("failed", "the service was deleted meanwhile"), revisionArn: undefined };
    }
    teller.events(found);
    until = untilOf(applied, options, found);
    const judged = (failure === undefined ? judge : judgeRollback)(found, applied, ours, watch(ours));
    const trouble = placementTrouble(found, applied.createdAt);
    const verdict =
      judged.kind === "waiting" && trouble !== undefined
        ? { ...judged, message: `${judged.message}, ${trouble}` }
        : judged;
    last = { service: found, ours, verdict };
    for (const hint of pauseHints(ours)) teller.once(hint);
    const failures = failureCount(findDeployment(found, applied), ours);
    if (failures > toldFailures && verdict.kind === "waiting") {
      toldFailures = failures;
      await tellFailures(failures, failureLimit(found, ours));
    }
    if (verdict.kind === "waiting" && failureLimit(found, ours) === undefined) {
      const reason = attempt % looksBetweenCounts === 3 ? await hopelessReason(found) : undefined;
      if (reason !== undefined) return await givenUp(reason);
    }
    switch (verdict.kind) {
      case "waiting":
        teller.progress(verdict.message);
        return undefined;
      case "settled":
        teller.progress(verdict.message);
        return await prove(found, verdict.desired);
      case "overtaken":
        return ended("failed", verdict.reason);
      case "failed":
        if (failure === undefined) {
          failure = { reason: verdict.reason, evidence: await evidence() };
          teller.log(verdict.reason);
        }
        if (verdict.rollback === "in progress") {
          teller.progress(`rolling back to ${revisionName(primaryOf(found)?.taskDefinition)}`);
          return undefined;
        }
        return failedEnd(verdict.rollback === "complete");
    }
  };

  const ended = (
    outcome: DeploymentEnd["outcome"],
    message: string,
    evidence: readonly string[] = [],
    gates: readonly Gate[] = [],
  ): DeploymentEnd => {
    const primary = last === undefined ? undefined : primaryOf(last.service);
    return {
      outcome,
      message,
      evidence,
      revisionArn: primary?.taskDefinition,
      runningCount: primary?.runningCount,
      gates: [...gates, ...(last === undefined ? [] : alarmGates(last.service, last.ours, outcome))],
    };
  };

  const failedEnd = (rolledBack: boolean, note = ""): DeploymentEnd => {
    const now = revisionName(last === undefined ? undefined : primaryOf(last.service)?.taskDefinition);
    const ours = revisionName(applied.revisionArn);
    const message = rolledBack
      ? `${ours} failed, ECS went back to ${now}: ${failure?.reason}`
      : `${ours} failed${note}: ${failure?.reason}`;
    return ended(rolledBack ? "rolled back" : "failed", message, failure?.evidence);
  };

  /** What a failure is read by: stopped tasks, target health, the circuit breaker's count, log lines. */
  const evidence = async () => {
    const health = last === undefined ? [] : await explainHealth(last.service);
    const counted = last === undefined ? [] : countFailures(last.service, last.ours, toldFailures);
    const facts = [...health, ...counted];
    return collectEvidence(clients, applied, options.taskDefinition, options.container, signal, facts);
  };

  const explainHealth = async (service: Service): Promise<readonly string[]> => {
    if (!options.targetHealth || unhealthy.length > 0) return unhealthy;
    return readUnhealthy(clients, service, applied, signal);
  };

  const countFailures = (service: Service, ours: ServiceDeployment | undefined, told: number): string[] => {
    const failures = Math.max(told, failureCount(findDeployment(service, applied), ours));
    const limit = failureLimit(service, ours);
    if (failures === 0) return [];
    return [
      limit === undefined
        ? `failed tasks ${failures}; the service has no circuit breaker that would end it`
        : `failed tasks ${failures} of ${limit} (circuit breaker)`,
    ];
  };

  const tellFailures = async (failures: number, limit: number | undefined) => {
    const [newest] = await listTasks(clients, applied, "STOPPED", signal);
    const why = newest === undefined ? "" : `: ${describeStop(newest)}`;
    teller.log(`failed tasks ${failures}${limit === undefined ? "" : ` of ${limit}`}${why}`);
    if (limit === undefined && failures >= manyFailures) teller.keepsFailing(why);
  };

  const hopelessReason = async (service: Service) => {
    const stopped = await listTasks(clients, applied, "STOPPED", signal);
    return hopeless(failedTasks(stopped), findDeployment(service, applied)?.runningCount ?? 0);
  };

  const givenUp = async (reason: string) =>
    ended(
      "failed",
      `${revisionName(applied.revisionArn)} does not start, ${reason}; ECS goes on trying (it has no deployment circuit breaker)`,
      await evidence(),
    );

  const prove = async (service: Service, desired: number): Promise<DeploymentEnd | undefined> => {
    const name = revisionName(applied.revisionArn);
    if (desired === 0) return ended("done", `${name} is set; desired count is 0, so nothing runs`);
    const acceptance = await accept(service, desired);
    switch (acceptance.kind) {
      case "accepted":
        return ended(
          "done",
          `${name} runs (${desired} of ${desired})${acceptance.note}`,
          [],
          acceptance.gates,
        );
      case "wrong image":
        return ended("failed", `${name} does not run the image that was pushed`, acceptance.tasks, [
          { gate: "tasks", verdict: "failed", message: "other images run" },
        ]);
      case "tasks keep stopping":
        return ended(
          "failed",
          `ECS takes ${name} for complete, but its tasks keep stopping`,
          await evidence(),
          [{ gate: "tasks", verdict: "failed", message: "they keep stopping" }],
        );
      case "open":
        unhealthy = acceptance.waiting;
        return undefined;
    }
  };

  const timedOut = async (): Promise<DeploymentEnd> => {
    const waited = `after ${Math.round((until - applied.startedAt) / 1000)} s`;
    if (failure !== undefined) return failedEnd(false, `, and its rollback was not over ${waited}`);
    const state =
      unhealthy[0] ??
      (last?.verdict.kind === "waiting" || last?.verdict.kind === "settled"
        ? last.verdict.message
        : "no answer from ECS");
    return ended(
      "failed",
      `${revisionName(applied.revisionArn)} was not stable ${waited} (${state}); ECS goes on with it`,
      [...teller.lastEvents(), ...(await evidence())],
      unhealthy.slice(0, 1).map((message) => ({ gate: "target health", verdict: "failed", message })),
    );
  };

  try {
    const onNoAnswer = (error: Error) => teller.log(`no answer, trying on: ${error.message.split("\n")[0]}`);
    const limit = () => until;
    const end = await poll(look, { clock, policy: pollPolicy, until: limit, signal, onNoAnswer });
    return end ?? (await timedOut());
  } catch (error) {
    if (!isAbort(error)) throw error;
    const goesOn =
      failure === undefined
        ? `ECS goes on deploying ${revisionName(applied.revisionArn)}`
        : "ECS goes on rolling back";
    const where = `${nameOf(applied.cluster)}/${applied.service}`;
    return {
      ...ended(
        "cancelled",
        `stopped waiting; ${goesOn} to ${where}: slipway status shows how it ends`,
        failure?.evidence,
      ),
      revisionArn: undefined,
    };
  }
}

/** When waiting is given up, by our clock: the target's time, and the time that ECS bakes. */
function untilOf(applied: EcsApplied, options: FollowOptions, service: Service | undefined): number {
  const bake = bakeSeconds(service?.deploymentConfiguration);
  return applied.startedAt + (options.timeoutSeconds + bake) * 1000;
}
