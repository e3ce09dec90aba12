import type { Deployment, Service, ServiceDeployment } from "@aws-sdk/client-ecs";
import { primaryOf, revisionName } from "../state.ts";
import { describeProgress, hookName, type StageWatch } from "./progress.ts";

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
 * Judges a deployment from one look at its service.
 *
 * What ECS's own waiter takes for stable (one deployment left, all tasks run) is also the end of a
 * rollback; so it has to be *our* deployment that ended well.
 *
 * @param ours the service deployment, when ECS's newer API knows it; its status then decides
 * @param watch since when it is in its stage
 */
export function judgeDeployment(
  service: Service,
  followed: Followed,
  ours: ServiceDeployment | undefined,
  watch?: StageWatch,
): Verdict {
  const primary = primaryOf(service);
  const deployment = findDeployment(service, followed);
  const ourRevision = primary !== undefined && primary.taskDefinition === followed.revisionArn;
  const message = describeProgress(service, deployment, ours, watch);

  switch (ours?.status) {
    case "ROLLBACK_REQUESTED":
    case "ROLLBACK_IN_PROGRESS":
      return failed(reasonOf(ours, deployment), "in progress");
    case "ROLLBACK_SUCCESSFUL":
      return failed(reasonOf(ours, deployment), "complete");
    case "ROLLBACK_FAILED":
      return failed(reasonOf(ours, deployment), "failed");
    case "STOP_REQUESTED":
      return { kind: "waiting", message: `${message}, being stopped by a user` };
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
  // Without a rollout state (other than rolling updates), the old tasks' end is the sign.
  const listed = primary.rolloutState ?? (service.deployments?.length === 1 ? "COMPLETED" : undefined);
  const complete = ours?.status === "SUCCESSFUL" || listed === "COMPLETED";
  return complete && (primary.runningCount ?? 0) >= desired
    ? { kind: "settled", message, desired }
    : { kind: "waiting", message };
}

/**
 * Judges how a rollback goes, once our deployment has failed: it may have left the list by then, and
 * what took its place is what ECS went back to.
 */
export function judgeRollback(
  service: Service,
  followed: Followed,
  ours: ServiceDeployment | undefined,
): Extract<Verdict, { kind: "failed" }> {
  const verdict = judgeDeployment(service, followed, ours);
  if (verdict.kind === "failed") return verdict;
  const primary = primaryOf(service);
  const rollback =
    primary === undefined || primary.taskDefinition === followed.revisionArn ? "none" : rollbackOf(primary);
  return { kind: "failed", reason: primary?.rolloutStateReason ?? "", rollback };
}

/** Our deployment in the service's list, by id; by revision when ECS gave none. */
export function findDeployment(service: Service, followed: Followed): Deployment | undefined {
  return service.deployments?.find((one) =>
    followed.deploymentId === undefined
      ? one.taskDefinition === followed.revisionArn
      : one.id === followed.deploymentId,
  );
}

function failedRollout(service: Service, deployment: Deployment, ourRevision: boolean): Verdict {
  const primary = primaryOf(service);
  const rollback = ourRevision || primary === undefined ? "none" : rollbackOf(primary);
  return failed(deployment.rolloutStateReason ?? "ECS stopped the deployment", rollback);
}

function failed(reason: string, rollback: Rollback): Verdict {
  return { kind: "failed", reason, rollback };
}

function overtaken(primary: Deployment | undefined): Verdict {
  const by = revisionName(primary?.taskDefinition);
  const since = primary?.createdAt === undefined ? "" : `, started ${primary.createdAt.toISOString()}`;
  return { kind: "overtaken", reason: `another deployment replaced it: ${by}${since}` };
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

/** Why a deployment failed, with the alarms that fired and the hooks that failed. */
function reasonOf(ours: ServiceDeployment, deployment: Deployment | undefined): string {
  const reason =
    ours.rollback?.reason ??
    ours.statusReason ??
    deployment?.rolloutStateReason ??
    `ECS ended the deployment: ${ours.status}`;
  const alarms = ours.alarms?.triggeredAlarmNames ?? [];
  const hooks = (ours.lifecycleHookDetails ?? [])
    .filter(({ status }) => status === "FAILED" || status === "TIMED_OUT")
    .map((hook) => `${hookName(hook)} ${hook.status === "FAILED" ? "failed" : "timed out"}`);
  const causes = [
    ...(alarms.length === 0
      ? []
      : [`${alarms.length === 1 ? "alarm" : "alarms"} ${alarms.join(", ")} fired`]),
    ...hooks,
  ];
  const unsaid = causes.filter((cause) => !reason.includes(cause));
  return [reason, ...unsaid].join("; ");
}
