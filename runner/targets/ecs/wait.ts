import type { Deployment, Service } from "@aws-sdk/client-ecs";
import pMap from "p-map";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { Clients } from "../../aws/clients.ts";
import type { Image } from "../../registry/image.ts";
import { describeImage } from "../../registry/lookup.ts";
import { parseReference } from "../../registry/reference.ts";
import type { Clock } from "../poll.ts";
import type { TargetContext, TargetOutcome } from "../target.ts";
import { type EcsApplied, resumeDeployment } from "./apply.ts";
import { containerOf, imageIn } from "./containers.ts";
import { followDeployment } from "./follow/follow.ts";
import { findRollback } from "./follow/service-deployment.ts";
import { inspectEcs } from "./inspect.ts";
import { ecsTitle } from "./plan.ts";
import { describeTaskDefinition } from "./revisions/task-definition.ts";
import { type ExistingService, primaryOf, revisionName, rolloutOf } from "./state.ts";
import { smokeCheckService } from "./tasks/smoke.ts";

/**
 * Follows the deployment of a service that is in progress to its end, including one that someone else
 * started; undefined when there is none and the service is steady. A service that ECS is rolling back
 * counts as in the deployment that failed. A steady service also gets the target's smoke check. Nothing is
 * reverted: only a deploying run does that.
 *
 * @param registry the registry that has our images: only their digests are compared with those of the tasks
 */
export async function waitForEcs(
  serviceName: string,
  target: EcsTarget,
  registry: string,
  context: TargetContext,
  clock: Clock,
): Promise<TargetOutcome | undefined> {
  const startedAt = clock.now();
  const about = { service: serviceName, title: ecsTitle(target), kind: "ecs" as const };
  const { clients, signal } = context;
  const state = await inspectEcs(target, context);
  if (state.kind === "unusable") {
    const [problem] = state.problems;
    const message = problem?.message ?? "the service can't be followed";
    return { ...about, outcome: "failed", message, milliseconds: clock.now() - startedAt };
  }
  const { service } = state;
  if (rolloutOf(service) !== "IN_PROGRESS") {
    // The run that deployed it may have been killed before it asked.
    const fault = await smokeFault(target, state, resumeDeployment(state, clock), context, clock);
    if (fault === undefined) return undefined;
    return { ...about, ...fault, milliseconds: clock.now() - startedAt };
  }
  const failed = rolledBackOf(service) ?? (await rolledBackWithoutState(service, context));
  const applied =
    failed === undefined ? resumeDeployment(state, clock) : failedDeployment(state, failed, clock);
  const taskDefinition =
    applied.revisionArn === state.taskDefinition.taskDefinitionArn
      ? state.taskDefinition
      : (await describeTaskDefinition(clients.ecs, applied.revisionArn, signal)).taskDefinition;
  context.emit({
    kind: "step-log",
    id: context.step,
    line: `a deployment of ${revisionName(applied.revisionArn)} is in progress`,
  });
  const end = await followDeployment(applied, {
    context,
    clock,
    taskDefinition,
    container: target.container,
    timeoutSeconds: target.timeoutSeconds,
    images: await ourImages(clients, Object.keys(target.containers), taskDefinition, registry, signal),
    targetHealth: target.targetHealth,
  });
  const running =
    end.revisionArn === taskDefinition.taskDefinitionArn
      ? imageIn(taskDefinition, containerOf(target, serviceName))
      : undefined;
  const asked = end.outcome === "done" && (end.runningCount ?? 0) > 0;
  const fault = asked
    ? await smokeFault(target, { ...state, taskDefinition }, applied, context, clock)
    : undefined;
  const { outcome, message, evidence } = fault ?? end;
  return {
    ...about,
    outcome,
    message,
    ...(running === undefined ? {} : { running }),
    ...(evidence.length > 0 ? { evidence } : {}),
    milliseconds: clock.now() - startedAt,
    details: { revision: revisionName(end.revisionArn ?? applied.revisionArn) },
  };
}

/** How a steady service fails its smoke check; undefined when it passes, or has no check or no tasks. */
async function smokeFault(
  target: EcsTarget,
  { service, taskDefinition }: ExistingService,
  applied: EcsApplied,
  context: TargetContext,
  clock: Clock,
) {
  if (rolloutOf(service) === "FAILED" || (service.desiredCount ?? 0) === 0) return undefined;
  const smoke = await smokeCheckService(target, applied, taskDefinition, context, clock);
  if (smoke === undefined || smoke.passed) return undefined;
  const [first = ""] = smoke.lines;
  return {
    outcome: "failed" as const,
    message: `${revisionName(applied.revisionArn)} is steady, and fails its smoke check: ${first}`,
    evidence: [...smoke.lines],
  };
}

/** The deployment that ECS is rolling back. */
export function rolledBackOf(service: Service): Deployment | undefined {
  const primary = primaryOf(service);
  if (!/roll(ing|ed)?[ -]?back/i.test(primary?.rolloutStateReason ?? "")) return undefined;
  return service.deployments?.find((one) => one !== primary && one.rolloutState === "FAILED");
}

/** The same for a service whose deployments have no rollout state: other strategies than rolling updates. */
async function rolledBackWithoutState(service: Service, { clients, signal }: TargetContext) {
  if (primaryOf(service)?.rolloutState !== undefined) return undefined;
  const { clusterArn: cluster = "", serviceName = "" } = service;
  return findRollback(clients, { cluster, service: serviceName }, signal);
}

function failedDeployment(state: ExistingService, failed: Deployment, clock: Clock): EcsApplied {
  const rollback = resumeDeployment(state, clock);
  return {
    ...rollback,
    revisionArn: failed.taskDefinition ?? "",
    previousArn: rollback.revisionArn,
    deploymentId: failed.id,
    createdAt: failed.createdAt ?? rollback.createdAt,
  };
}

/** The images of our registry that containers are declared with; images of other registries are left out. */
async function ourImages(
  clients: Clients,
  containers: readonly string[],
  taskDefinition: ExistingService["taskDefinition"],
  registry: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Image>> | undefined> {
  const found = await pMap(
    containers,
    async (container) => {
      const reference = parseReference(imageIn(taskDefinition, container) ?? "");
      if (reference?.registry !== registry || reference.digest === undefined) return undefined;
      const location = { service: container, repository: reference.repository, registry };
      const image = await describeImage(clients, location, { imageDigest: reference.digest }, signal);
      return image === undefined ? undefined : ([container, image] as const);
    },
    { concurrency: 4, signal },
  );
  const known = found.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
