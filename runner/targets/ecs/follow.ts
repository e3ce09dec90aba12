import type { Service, ServiceDeployment } from "@aws-sdk/client-ecs";
import type { Image } from "../../registry/image.ts";
import { type Clock, isAbort, poll, pollPolicy } from "../poll.ts";
import type { TargetContext } from "../target.ts";
import type { EcsApplied } from "./apply.ts";
import { collectEvidence, describeStop } from "./evidence.ts";
import { findService } from "./inspect.ts";
import { createProof } from "./proof.ts";
import { trackServiceDeployment } from "./service-deployment.ts";
import { nameOf, primaryOf, revisionName, type TaskDefinition } from "./state.ts";
import { listTasks } from "./tasks.ts";
import { createTeller } from "./teller.ts";
import { failureCount, failureLimit, findDeployment, judge, judgeRollback, type Verdict } from "./verdict.ts";

/** How a deployment ended. */
export interface DeploymentEnd {
  readonly outcome: "done" | "failed" | "rolled back" | "cancelled";
  readonly message: string;
  readonly evidence: readonly string[];
  /** Revision that the service is set to now; undefined when that is not known. */
  readonly revisionArn: string | undefined;
  readonly runningCount: number | undefined;
}

export interface FollowOptions {
  readonly context: TargetContext;
  readonly clock: Clock;
  readonly taskDefinition: TaskDefinition;
  readonly container: string;
  readonly timeoutSeconds: number;
  /** What the tasks must run; undefined to go by the revision only. */
  readonly image: Image | undefined;
}

/** Failed tasks after which it is said that it does not look good. */
const manyFailures = 3;

/** Follows a deployment, telling the service's new events, until it ended, failed or the time is up. */
export async function followDeployment(applied: EcsApplied, options: FollowOptions): Promise<DeploymentEnd> {
  const { context, clock } = options;
  const { clients, signal } = context;
  const teller = createTeller(context, applied);
  const lookAtTasks = options.image && createProof(clients, applied, options.container, options.image, clock);
  const track = trackServiceDeployment(clients, applied, (reason) =>
    teller.log(`following by the service's own list: the service deployments API answered: ${reason}`),
  );
  let last: { service: Service; ours: ServiceDeployment | undefined; verdict: Verdict } | undefined;
  let failure: { reason: string; evidence: string[] } | undefined;
  let toldFailures = 0;

  const look = async (): Promise<DeploymentEnd | undefined> => {
    const [found, ours] = await Promise.all([findService(clients, applied, signal), track(signal)]);
    if (found === undefined || found === "no cluster" || found.status === "INACTIVE") {
      return { ...ended("failed", "the service was deleted meanwhile"), revisionArn: undefined };
    }
    teller.events(found);
    const verdict = (failure === undefined ? judge : judgeRollback)(found, applied, ours);
    last = { service: found, ours, verdict };
    const failures = failureCount(findDeployment(found, applied), ours);
    if (failures > toldFailures && verdict.kind === "waiting") {
      toldFailures = failures;
      await tellFailures(failures, failureLimit(found, ours));
    }
    switch (verdict.kind) {
      case "waiting":
        teller.progress(verdict.message);
        return undefined;
      case "settled":
        teller.progress(verdict.message);
        return await prove(verdict.desired);
      case "overtaken":
        return ended("failed", verdict.reason);
      case "failed":
        if (failure === undefined) {
          failure = { reason: verdict.reason, evidence: [verdict.reason, ...(await evidence())] };
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
  ): DeploymentEnd => {
    const primary = last === undefined ? undefined : primaryOf(last.service);
    return {
      outcome,
      message,
      evidence,
      revisionArn: primary?.taskDefinition,
      runningCount: primary?.runningCount,
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

  const evidence = () => collectEvidence(clients, applied, options.taskDefinition, options.container, signal);

  const tellFailures = async (failures: number, limit: number | undefined) => {
    const [newest] = await listTasks(clients, applied, "STOPPED", signal);
    const why = newest === undefined ? "" : `: ${describeStop(newest)}`;
    teller.log(`failed tasks ${failures}${limit === undefined ? "" : ` of ${limit}`}${why}`);
    if (limit === undefined && failures >= manyFailures) teller.keepsFailing(why);
  };

  const prove = async (desired: number): Promise<DeploymentEnd | undefined> => {
    const name = revisionName(applied.revisionArn);
    if (desired === 0) return ended("done", `${name} is set; desired count is 0, so nothing runs`);
    const proof = await lookAtTasks?.(desired, signal);
    switch (proof?.kind) {
      case undefined:
        return ended("done", `${name} runs (${desired} of ${desired})`);
      case "proven":
        return ended("done", `${name} runs (${desired} of ${desired})${proof.note}`);
      case "wrong image":
        return ended("failed", `${name} does not run the image that was pushed`, proof.tasks);
      case "tasks keep stopping":
        return ended(
          "failed",
          `ECS takes ${name} for complete, but its tasks keep stopping`,
          await evidence(),
        );
      case "open":
        return undefined;
    }
  };

  const timedOut = async (): Promise<DeploymentEnd> => {
    const waited = `after ${options.timeoutSeconds} s`;
    if (failure !== undefined) return failedEnd(false, `, and its rollback was not over ${waited}`);
    const state =
      last?.verdict.kind === "waiting" || last?.verdict.kind === "settled"
        ? last.verdict.message
        : "no answer from ECS";
    return ended(
      "failed",
      `${revisionName(applied.revisionArn)} was not stable ${waited} (${state}); ECS goes on with it`,
      [...teller.lastEvents(), ...(await evidence())],
    );
  };

  try {
    const until = applied.startedAt + options.timeoutSeconds * 1000;
    const onNoAnswer = (error: Error) => teller.log(`no answer, trying on: ${error.message.split("\n")[0]}`);
    return (await poll(look, { clock, policy: pollPolicy, until, signal, onNoAnswer })) ?? (await timedOut());
  } catch (error) {
    if (!isAbort(error) && !signal.aborted) throw error;
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
