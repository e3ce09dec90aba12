import type { ECSClient, Service } from "@aws-sdk/client-ecs";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { TargetContext, TargetStatus } from "../target.ts";
import { containerOf, imageIn } from "./containers.ts";
import { findService } from "./inspect.ts";
import { ecsTitle } from "./plan.ts";
import { imagesOfRevision } from "./revisions/service-revision.ts";
import { describeRevision } from "./revisions/task-definition.ts";
import { primaryOf, revisionName, rolloutOf } from "./state.ts";

/** What an ECS service runs, since when and how well: two calls. Services share them. */
export async function statusOfEcs(
  serviceName: string,
  target: EcsTarget,
  { clients, signal }: TargetContext,
): Promise<TargetStatus> {
  const about = { service: serviceName, title: ecsTitle(target), kind: "ecs" as const };
  const service = await findService(clients, target, signal);
  if (service === "no cluster") {
    return { ...about, health: "missing", message: "there is no such cluster" };
  }
  if (service === undefined || service.status === "INACTIVE") {
    return { ...about, health: "missing", message: "there is no such service" };
  }
  const image = await imageOf(clients.ecs, service, containerOf(target, serviceName), signal);
  return { ...about, ...describeService(service, image) };
}

/** The image of a container, from the service's revision when ECS tells it, else from the task definition. */
async function imageOf(
  ecs: ECSClient,
  service: Service,
  container: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reference = primaryOf(service)?.taskDefinition ?? service.taskDefinition;
  if (reference === undefined) return undefined;
  const images =
    reference === service.taskDefinition ? await imagesOfRevision(ecs, service, signal) : undefined;
  if (images?.[container] !== undefined) return images[container];
  return imageIn((await describeRevision(ecs, reference, signal)).taskDefinition, container);
}

/**
 * The status of a service from its own description.
 *
 * @param image that it is set to
 */
export function describeService(
  service: Service,
  image: string | undefined,
): Omit<TargetStatus, "service" | "title" | "kind"> {
  const primary = primaryOf(service);
  const running = service.runningCount ?? 0;
  const desired = service.desiredCount ?? 0;
  const rollout = rolloutOf(service);
  const health =
    rollout === "FAILED"
      ? "unhealthy"
      : rollout === "IN_PROGRESS"
        ? "updating"
        : running < desired
          ? "unhealthy"
          : "healthy";
  const revision = revisionName(primary?.taskDefinition ?? service.taskDefinition);
  const reason = rollout === "COMPLETED" ? undefined : primary?.rolloutStateReason;
  return {
    health,
    message: `${revision}, ${running} of ${desired} running${reason === undefined || reason === "" ? "" : `: ${reason}`}`,
    ...(image === undefined ? {} : { running: image }),
    ...(primary?.createdAt === undefined ? {} : { since: primary.createdAt }),
    details: {
      revision,
      desired,
      running,
      ...(service.pendingCount === undefined ? {} : { pending: service.pendingCount }),
      ...(primary?.rolloutState === undefined ? {} : { rollout: primary.rolloutState }),
    },
  };
}
