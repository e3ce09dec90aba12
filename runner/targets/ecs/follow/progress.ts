import type {
  Deployment,
  DeploymentLifecycleHookDetail,
  Service,
  ServiceDeployment,
} from "@aws-sdk/client-ecs";

/** How long a deployment has been in its stage, as far as this run saw it. */
export interface StageWatch {
  readonly stage: string | undefined;
  /** Milliseconds; undefined when the stage began before the first look. */
  readonly milliseconds: number | undefined;
}

/**
 * `1/2 running, 1 pending, 2 draining, failed tasks 2 of 3`; with a service deployment also
 * `20 % of traffic, baking, 3 of 5 min`.
 */
export function describeProgress(
  service: Service,
  deployment: Deployment | undefined,
  ours: ServiceDeployment | undefined,
  watch: StageWatch | undefined,
): string {
  const target = ours?.targetServiceRevision;
  const running = target?.runningTaskCount ?? deployment?.runningCount ?? 0;
  const desired = target?.requestedTaskCount ?? deployment?.desiredCount ?? service.desiredCount ?? 0;
  const pending = target?.pendingTaskCount ?? deployment?.pendingCount ?? 0;
  const failures = failureCount(deployment, ours);
  const limit = failureLimit(service, ours);
  const before = runningBefore(service, deployment, ours);
  return [
    `${running}/${desired} running`,
    ...(pending > 0 ? [`${pending} pending`] : []),
    ...(before > 0 ? [`${before} ${keepsBefore(ours) ? "of before" : "draining"}`] : []),
    ...(failures > 0 ? [`failed tasks ${failures}${limit === undefined ? "" : ` of ${limit}`}`] : []),
    ...describeTraffic(ours),
    ...describeStage(ours, watch),
    ...(ours?.lifecycleHookDetails ?? []).flatMap(describeHook),
  ].join(", ");
}

function runningBefore(
  service: Service,
  deployment: Deployment | undefined,
  ours: ServiceDeployment | undefined,
): number {
  if (ours?.sourceServiceRevisions !== undefined) {
    return ours.sourceServiceRevisions.reduce((sum, one) => sum + (one.runningTaskCount ?? 0), 0);
  }
  return (service.deployments ?? [])
    .filter((one) => one !== deployment)
    .reduce((sum, one) => sum + (one.runningCount ?? 0), 0);
}

/** Whether the old tasks stay up until the end: all strategies except rolling. */
function keepsBefore(ours: ServiceDeployment | undefined): boolean {
  const strategy = ours?.deploymentConfiguration?.strategy ?? "ROLLING";
  return strategy !== "ROLLING" && ours?.lifecycleStage !== "CLEAN_UP";
}

function describeTraffic(ours: ServiceDeployment | undefined): string[] {
  const { requestedProductionTrafficWeight: production, requestedTestTrafficWeight: test } =
    ours?.targetServiceRevision ?? {};
  if (production !== undefined && production > 0) return [`${production} % of traffic`];
  return test !== undefined && test > 0 ? [`${test} % of test traffic`] : [];
}

function describeStage(ours: ServiceDeployment | undefined, watch: StageWatch | undefined): string[] {
  const stage = ours?.lifecycleStage;
  if (stage === undefined) return [];
  const wanted = ours?.deploymentConfiguration?.bakeTimeInMinutes;
  if (stage !== "BAKE_TIME") return [stage.toLowerCase().replaceAll("_", " ")];
  if (wanted === undefined) return ["baking"];
  if (watch?.stage !== stage || watch.milliseconds === undefined) return [`baking, ${wanted} min in all`];
  return [`baking, ${Math.floor(watch.milliseconds / 60_000)} of ${wanted} min`];
}

/** A hook that ECS waits for: `hook check-orders runs`. Successful hooks give no text. */
export function describeHook(hook: DeploymentLifecycleHookDetail): string[] {
  const name = hookName(hook);
  const until = hook.expiresAt === undefined ? "" : ` until ${hook.expiresAt.toISOString().slice(0, 16)}Z`;
  const then = hook.timeoutAction === undefined ? "" : `, then ${hook.timeoutAction.toLowerCase()}`;
  switch (hook.status) {
    case "AWAITING_ACTION":
      return [`paused by ${name}${until}${then}`];
    case "IN_PROGRESS":
      return [`${name} runs`];
    case "FAILED":
      return [`${name} failed`];
    case "TIMED_OUT":
      return [`${name} timed out`];
    default:
      return [];
  }
}

/** `hook check-orders` (its function), or by its id. */
export function hookName({ targetArn, hookId }: DeploymentLifecycleHookDetail): string {
  return `hook ${targetArn?.split(":function:").at(-1) ?? hookId ?? "without a name"}`;
}

/** Failures after which the circuit breaker ends a deployment; undefined when it is off. */
export function failureLimit(service: Service, ours?: ServiceDeployment): number | undefined {
  const { status, threshold } = ours?.deploymentCircuitBreaker ?? {};
  if (status === "DISABLED") return undefined;
  if (threshold !== undefined) return threshold;
  const breaker = service.deploymentConfiguration?.deploymentCircuitBreaker;
  if (breaker?.enable !== true) return undefined;
  const { type = "BOUNDED_PERCENT", value = 50 } = breaker.thresholdConfiguration ?? {};
  if (type === "COUNT") return Math.max(1, value);
  const part = Math.ceil((value * (service.desiredCount ?? 0)) / 100);
  // At least 3, at most 200, for a service of any size:
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
  return type === "UNBOUNDED_PERCENT" ? Math.max(1, part) : Math.min(200, Math.max(3, part));
}

/** Number of the deployment's tasks that failed to start or to keep running. */
export function failureCount(deployment: Deployment | undefined, ours?: ServiceDeployment): number {
  return ours?.deploymentCircuitBreaker?.failureCount ?? deployment?.failedTasks ?? 0;
}

/**
 * Why ECS can't place tasks, from its newest event since the deployment started; undefined when that event
 * says something else. ECS keeps trying, so it is shown but does not decide the outcome.
 */
export function placementTrouble({ events = [] }: Service, since: Date): string | undefined {
  const [newest] = events;
  if (newest?.createdAt === undefined || newest.createdAt < since) return undefined;
  const [, reason] =
    /unable to (?:consistently )?(?:place|start) (?:a )?tasks?(?: successfully)?(?: because|\. Reason:)? (.+?)(?:\. For more information|$)/i.exec(
      newest.message ?? "",
    ) ?? [];
  return reason === undefined ? undefined : `tasks can't be placed: ${reason.replace(/\.$/, "")}`;
}
