import type { Deployment, Service, ServiceDeployment } from "@aws-sdk/client-ecs";
import { primaryOf, revisionName } from "./state.ts";

/** The deployment that is followed: what UpdateService started. */
export interface Followed {
  /** `ecs-svc/…`; undefined when ECS did not name it. */
  readonly deploymentId: string | undefined;
  readonly revisionArn: string;
}

export type Rollback = "none" | "in progress" | "complete" | "failed";

/** Where a deployment is. */
export type Verdict =
  | { readonly kind: "waiting"; readonly message: string }
  /** The revision is what the service is set to, and all its tasks run. */
  | { readonly kind: "settled"; readonly message: string; readonly desired: number }
  | { readonly kind: "failed"; readonly reason: string; readonly rollback: Rollback }
  | { readonly kind: "overtaken"; readonly reason: string };

/**
 * Judges a deployment from one look at its service. Pure.
 *
 * What ECS's own waiter takes for stable (one deployment left, all tasks run) is also the end of a
 * rollback; so it has to be *our* deployment that ended well.
 *
 * @param ours the service deployment, when ECS's newer API knows it; its status then decides
 */
export function judge(service: Service, followed: Followed, ours: ServiceDeployment | undefined): Verdict {
  const primary = primaryOf(service);
  const deployment = findDeployment(service, followed);
  const ourRevision = primary !== undefined && primary.taskDefinition === followed.revisionArn;
  const message = describeProgress(service, deployment, ours);

  switch (ours?.status) {
    case "ROLLBACK_REQUESTED":
    case "ROLLBACK_IN_PROGRESS":
      return failed(reasonOf(ours, deployment), "in progress");
    case "ROLLBACK_SUCCESSFUL":
      return failed(reasonOf(ours, deployment), "complete");
    case "ROLLBACK_FAILED":
      return failed(reasonOf(ours, deployment), "failed");
    case "STOP_REQUESTED":
    case "STOPPED":
      return ourRevision ? failed(reasonOf(ours, deployment), "none") : overtaken(primary);
    case "PENDING":
    case "IN_PROGRESS":
      // Also while the tasks run already: bake time, traffic shifting, alarms.
      return deployment?.rolloutState === "FAILED"
        ? failedRollout(service, deployment, ourRevision)
        : { kind: "waiting", message };
  }

  if (deployment?.rolloutState === "FAILED") return failedRollout(service, deployment, ourRevision);
  if (!ourRevision) {
    if (primary === undefined) return { kind: "waiting", message };
    return isRollback(service, primary)
      ? failed(primary.rolloutStateReason ?? "ECS rolled it back", rollbackOf(primary))
      : overtaken(primary);
  }
  const desired = primary.desiredCount ?? service.desiredCount ?? 0;
  const complete = ours?.status === "SUCCESSFUL" || (primary.rolloutState ?? "COMPLETED") === "COMPLETED";
  // Without a rollout state (other than rolling updates), the old tasks' end is the sign.
  const alone = primary.rolloutState !== undefined || service.deployments?.length === 1;
  return complete && alone && (primary.runningCount ?? 0) >= desired
    ? { kind: "settled", message, desired }
    : { kind: "waiting", message };
}

/**
 * Judges how a rollback goes, once our deployment has failed: it may have left the list by then, and
 * what took its place is what ECS went back to. Pure.
 */
export function judgeRollback(
  service: Service,
  followed: Followed,
  ours: ServiceDeployment | undefined,
): Extract<Verdict, { kind: "failed" }> {
  const verdict = judge(service, followed, ours);
  if (verdict.kind === "failed") return verdict;
  const primary = primaryOf(service);
  const rollback =
    primary === undefined || primary.taskDefinition === followed.revisionArn ? "none" : rollbackOf(primary);
  return { kind: "failed", reason: primary?.rolloutStateReason ?? "", rollback };
}

/** Our deployment in the service's list, by id; by revision when ECS gave none. Pure. */
export function findDeployment(service: Service, followed: Followed): Deployment | undefined {
  return service.deployments?.find((one) =>
    followed.deploymentId === undefined
      ? one.taskDefinition === followed.revisionArn
      : one.id === followed.deploymentId,
  );
}

/** Failures after which the circuit breaker ends a deployment; undefined when it is off. Pure. */
export function failureLimit(service: Service, ours?: ServiceDeployment): number | undefined {
  if (ours?.deploymentCircuitBreaker?.threshold !== undefined) return ours.deploymentCircuitBreaker.threshold;
  const breaker = service.deploymentConfiguration?.deploymentCircuitBreaker;
  if (breaker?.enable !== true) return undefined;
  const { type = "BOUNDED_PERCENT", value = 50 } = breaker.thresholdConfiguration ?? {};
  if (type === "COUNT") return Math.max(1, value);
  const part = Math.ceil((value * (service.desiredCount ?? 0)) / 100);
  // At least 3, at most 200, whatever the size:
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
  return type === "UNBOUNDED_PERCENT" ? Math.max(1, part) : Math.min(200, Math.max(3, part));
}

/** Tasks of the deployment that failed to start or to stay. Pure. */
export function failureCount(deployment: Deployment | undefined, ours?: ServiceDeployment): number {
  return ours?.deploymentCircuitBreaker?.failureCount ?? deployment?.failedTasks ?? 0;
}

/** `1/2 running, 1 pending, 2 draining, failed tasks 2 of 3` */
function describeProgress(
  service: Service,
  deployment: Deployment | undefined,
  ours: ServiceDeployment | undefined,
): string {
  const draining = (service.deployments ?? [])
    .filter((one) => one !== deployment)
    .reduce((sum, one) => sum + (one.runningCount ?? 0), 0);
  const failures = failureCount(deployment, ours);
  const limit = failureLimit(service, ours);
  const desired = deployment?.desiredCount ?? service.desiredCount ?? 0;
  const stage = ours?.lifecycleStage;
  return [
    `${deployment?.runningCount ?? 0}/${desired} running`,
    ...((deployment?.pendingCount ?? 0) > 0 ? [`${deployment?.pendingCount} pending`] : []),
    ...(draining > 0 ? [`${draining} draining`] : []),
    ...(failures > 0 ? [`failed tasks ${failures}${limit === undefined ? "" : ` of ${limit}`}`] : []),
    ...(stage === undefined ? [] : [stage.toLowerCase().replaceAll("_", " ")]),
  ].join(", ");
}

function failedRollout(service: Service, deployment: Deployment, ourRevision: boolean): Verdict {
  const primary = primaryOf(service);
  const rollback = ourRevision || primary === undefined ? "none" : rollbackOf(primary);
  return failed(deployment.rolloutStateReason ?? "ECS gave the deployment up", rollback);
}

function failed(reason: string, rollback: Rollback): Verdict {
  return { kind: "failed", reason, rollback };
}

function overtaken(primary: Deployment | undefined): Verdict {
  const by = revisionName(primary?.taskDefinition);
  const since = primary?.createdAt === undefined ? "" : `, begun ${primary.createdAt.toISOString()}`;
  return { kind: "overtaken", reason: `another deployment took its place: ${by}${since}` };
}

function rollbackOf(primary: Deployment): Rollback {
  return primary.rolloutState === "IN_PROGRESS"
    ? "in progress"
    : primary.rolloutState === "FAILED"
      ? "failed"
      : "complete";
}

const rollbackWords = /roll(ing|ed)?[ -]?back/i;

function isRollback(service: Service, primary: Deployment): boolean {
  if (rollbackWords.test(primary.rolloutStateReason ?? "")) return true;
  return (service.events ?? []).slice(0, 5).some((event) => rollbackWords.test(event.message ?? ""));
}

function reasonOf(ours: ServiceDeployment, deployment: Deployment | undefined): string {
  return (
    ours.rollback?.reason ??
    ours.statusReason ??
    deployment?.rolloutStateReason ??
    `ECS ended the deployment: ${ours.status}`
  );
}
