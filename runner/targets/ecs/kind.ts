import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import { explainRefusal } from "../../aws/errors.ts";
import { type Image, imageReference } from "../../registry/image.ts";
import type { Gate } from "../gate.ts";
import { type Clock, systemClock } from "../poll.ts";
import type { TargetContext, TargetImage, TargetKind, TargetOutcome } from "../target.ts";
import { applyEcs, type EcsApplied, resumeDeployment, startDeployment } from "./apply.ts";
import { containerOf, ecsImageChange, ecsImageFor, imageIn, imagesByContainer } from "./containers.ts";
import { type DeploymentEnd, followDeployment } from "./follow/follow.ts";
import { ecsHints } from "./hints.ts";
import { imagesInEcs } from "./in-use.ts";
import { existingService, findService, inspectEcsFor, isEcsAsPlanned } from "./inspect.ts";
import { liveInEcs } from "./live.ts";
import { logsOfEcs } from "./logs.ts";
import { ecsTitle, planEcs } from "./plan.ts";
import { ecsSettings } from "./settings.ts";
import { type EcsPlan, type EcsState, type ExistingService, primaryOf, revisionName } from "./state.ts";
import { statusOfEcs } from "./status.ts";
import { smokeCheckService } from "./tasks/smoke.ts";
import { verifyEcs } from "./verify/verify.ts";
import { waitForEcs } from "./wait.ts";

export type { EcsApplied } from "./apply.ts";

/**
 * ECS services: registers a revision of the task definition for each image, and follows the deployment to
 * its end.
 */
export const ecsKind = createEcsKind(systemClock);

/** @param clock time; tests bring their own */
export function createEcsKind(clock: Clock): TargetKind<EcsTarget, EcsState, EcsApplied> {
  return {
    kind: "ecs",
    title: ecsTitle,
    hints: ecsHints,
    imageFor: ecsImageFor,
    // An old migration undoes nothing, and its failure must not block the rollback.
    withoutPreparations: ({ before: _task, ...target }) => target,
    inspect: inspectEcsFor,
    plan: planEcs,
    imageChange: ecsImageChange,
    verify: verifyEcs,
    isAsPlanned: isEcsAsPlanned,
    apply: (plan, image, context) =>
      applyEcs(plan, image, context, clock).catch((error: unknown) => {
        throw explainRefusal(error, plan.title);
      }),
    resume: ({ state }) => (state.kind === "unusable" ? undefined : resumeDeployment(state, clock)),
    status: statusOfEcs,
    reusable: ({ revision }, withSettings) =>
      withSettings && revision !== undefined ? String(revision) : undefined,
    settings: ecsSettings,
    logs: logsOfEcs,
    probe: ({ cluster, service }) => ({
      action: "ecs:DescribeServices",
      on: `${cluster}/${service}`,
      call: ({ clients, signal }) => findService(clients, { cluster, service }, signal),
    }),
    inUse: imagesInEcs,
    live: liveInEcs,
    wait: (service, target, registry, context) => waitForEcs(service, target, registry, context, clock),

    follow: (plan, applied, image, context) => follow(plan, applied, image, context, clock),
    async revert(plan, applied, context) {
      return revert(plan, applied, context, clock);
    },
  };
}

async function follow(
  plan: EcsPlan,
  applied: EcsApplied,
  image: TargetImage,
  context: TargetContext,
  clock: Clock,
): Promise<TargetOutcome> {
  const { target } = plan;
  const state = await existingService(plan.state, context);
  const { taskDefinition } = state;
  const end = await followDeployment(applied, {
    context,
    clock,
    taskDefinition,
    container: target.container,
    timeoutSeconds: target.timeoutSeconds,
    images: imagesByContainer(target, image),
    targetHealth: target.targetHealth,
  });
  const outcome = outcomeOf(plan, state, applied, end, image, clock);
  if (end.outcome !== "done" || (end.runningCount ?? 0) === 0) return outcome;
  const smoke = await smokeCheckService(target, applied, taskDefinition, context, clock);
  if (smoke === undefined) return outcome;
  const [first = ""] = smoke.lines;
  const gate: Gate = {
    gate: "smoke check",
    verdict: smoke.passed ? "passed" : "failed",
    message: smoke.passed ? shortened(smoke.lines) : first,
  };
  const asked = { ...outcome, gates: [...(outcome.gates ?? []), gate] };
  if (smoke.passed) return { ...asked, message: `${outcome.message}, ${shortened(smoke.lines)}` };

  const failed = `${revisionName(applied.revisionArn)} is steady, and failed its smoke check`;
  const evidence = { evidence: [...smoke.lines] };
  if (applied.previousArn === undefined) {
    // Resumed from an earlier run: only that run knew what it had replaced.
    const back = `this run does not know what ran before: go back with slipway rollback ${plan.service}`;
    return {
      ...asked,
      outcome: "failed",
      message: `${failed}, and stays as it is: ${first}`,
      evidence: [...smoke.lines, back],
    };
  }
  if (target.smoke?.onFailure === "keep" || applied.previousArn === applied.revisionArn) {
    return { ...asked, ...evidence, outcome: "failed", message: `${failed}, and is kept: ${first}` };
  }
  context.emit({ kind: "step-log", id: context.step, line: `${failed}: putting back what ran before` });
  const back = await revert(plan, applied, context, clock);
  const { running: _, ...rest } = asked;
  return {
    ...rest,
    outcome: back.outcome,
    message: `${failed}, ${back.message}: ${first}`,
    evidence: [...smoke.lines, ...(back.evidence ?? [])],
    ...(back.running === undefined ? {} : { running: back.running }),
    milliseconds: clock.now() - applied.startedAt,
  };
}

function shortened([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first}, and ${others.length} more`;
}

async function revert(
  plan: EcsPlan,
  applied: EcsApplied,
  context: TargetContext,
  clock: Clock,
): Promise<TargetOutcome> {
  const startedAt = clock.now();
  const { target } = plan;
  const about = { service: plan.service, title: plan.title, kind: "ecs" as const };
  const milliseconds = () => clock.now() - startedAt;
  const service = await findService(context.clients, applied, context.signal);
  if (service === undefined || service === "no cluster") {
    return { ...about, outcome: "failed", message: "the service is gone", milliseconds: milliseconds() };
  }
  const now = primaryOf(service)?.taskDefinition;
  if (now !== applied.revisionArn) {
    const message = `is already on ${revisionName(now)}`;
    return { ...about, outcome: "rolled back", message, milliseconds: milliseconds() };
  }
  if (applied.previousArn === undefined) {
    const message = "this run does not know which revision ran before";
    return { ...about, outcome: "failed", message, milliseconds: milliseconds() };
  }
  const state = await existingService(plan.state, context);
  const back = await startDeployment(context.clients, service, applied.previousArn, clock);
  const end = await followDeployment(back, {
    context,
    clock,
    taskDefinition: state.taskDefinition,
    container: target.container,
    timeoutSeconds: target.timeoutSeconds,
    images: undefined,
    targetHealth: target.targetHealth,
  });
  const previous = imageIn(state.taskDefinition, containerOf(target, plan.service));
  return {
    ...about,
    outcome: end.outcome === "done" ? "rolled back" : end.outcome === "cancelled" ? "cancelled" : "failed",
    message: end.outcome === "done" ? `put back to ${revisionName(applied.previousArn)}` : end.message,
    ...(end.outcome === "done" && previous !== undefined ? { running: previous } : {}),
    ...(end.evidence.length > 0 ? { evidence: end.evidence } : {}),
    milliseconds: milliseconds(),
  };
}

function outcomeOf(
  plan: EcsPlan,
  state: ExistingService,
  applied: EcsApplied,
  end: DeploymentEnd,
  image: Image,
  clock: Clock,
): TargetOutcome {
  const { target } = plan;
  const before = imageIn(state.taskDefinition, containerOf(target, plan.service));
  const running =
    end.revisionArn === undefined
      ? undefined
      : end.revisionArn === applied.revisionArn
        ? imageReference(image)
        : end.revisionArn === state.taskDefinition.taskDefinitionArn
          ? before
          : undefined;
  return {
    service: plan.service,
    title: plan.title,
    kind: "ecs",
    outcome: end.outcome,
    message: end.message,
    ...(running === undefined ? {} : { running }),
    ...(end.evidence.length > 0 ? { evidence: end.evidence } : {}),
    milliseconds: clock.now() - applied.startedAt,
    gates: [...oneOffGates(applied), ...end.gates],
    details: {
      revision: revisionName(applied.revisionArn),
      ...(applied.previousArn === undefined ? {} : { previousRevision: revisionName(applied.previousArn) }),
      ...(applied.deploymentId === undefined ? {} : { deployment: applied.deploymentId }),
      ...(end.runningCount === undefined ? {} : { runningTasks: end.runningCount }),
    },
  };
}

function oneOffGates({ oneOff }: EcsApplied): Gate[] {
  return oneOff === undefined ? [] : [{ gate: "one-off task", verdict: "passed", message: oneOff }];
}
