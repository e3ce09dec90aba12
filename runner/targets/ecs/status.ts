import type { Service } from "@aws-sdk/client-ecs";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { TargetContext, TargetStatus } from "../target.ts";
import { containerOf, imageIn } from "./containers.ts";
import { findService } from "./inspect.ts";
import { ecsTitle } from "./plan.ts";
import { describeRevision } from "./revision.ts";
import { primaryOf, revisionName, rolloutOf, type TaskDefinition } from "./state.ts";

/** What an ECS service runs, since when and how well: two calls. */
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
  const reference = primaryOf(service)?.taskDefinition ?? service.taskDefinition;
  const taskDefinition =
    reference === undefined
      ? undefined
      : (await describeRevision(clients.ecs, reference, signal)).taskDefinition;
  return { ...about, ...describeService(service, taskDefinition, containerOf(target, serviceName)) };
}

/** The status of a service from its own description and its task definition's. */
export function describeService(
  service: Service,
  taskDefinition: TaskDefinition | undefined,
  container: string,
): Omit<TargetStatus, "service" | "title" | "kind"> {
  const primary = primaryOf(service);
  const running = service.runningCount ?? 0;
  const desired = service.desiredCount ?? 0;
  const rollout = rolloutOf(service);
  const image = taskDefinition === undefined ? undefined : imageIn(taskDefinition, container);
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
