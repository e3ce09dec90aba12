import { type DeploymentConfiguration, type Service, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { UserError } from "../../../config/problems/errors.ts";
import type { Clients } from "../../aws/clients.ts";
import { isAwsError } from "../../aws/errors.ts";
import type { Clock } from "../poll.ts";
import type { TargetContext, TargetImage } from "../target.ts";
import { alarmField, configurationWithAlarms } from "./alarms.ts";
import { imageIn, referencesByContainer } from "./containers.ts";
import { runOneOff } from "./one-off/one-off.ts";
import {
  nextRevision,
  registerRevision,
  reusableRevision,
  revisionLikeIt,
} from "./revisions/task-definition.ts";
import {
  type EcsPlan,
  type ExistingService,
  nameOf,
  primaryOf,
  revisionName,
  rolloutOf,
  type SettledService,
} from "./state.ts";

/** A deployment that was started, with what it takes to follow or revert it. */
export interface EcsApplied {
  readonly cluster: string;
  readonly service: string;
  readonly revisionArn: string;
  /** What ran before; undefined when the run resumed a deployment in progress. */
  readonly previousArn: string | undefined;
  readonly deploymentId: string | undefined;
  /** By ECS's clock. */
  readonly createdAt: Date;
  /** By ours, in milliseconds: time-outs count from here. */
  readonly startedAt: number;
  /** Command of the one-off task that ran before. */
  readonly oneOff?: string;
  /** Events of the service from before; they are not shown again. */
  readonly seenEvents: readonly string[];
}

/**
 * Registers the revision, runs the one-off task if there is one, and sets the service to the revision.
 *
 * @throws UserError when the one-off task fails: the service is as it was
 */
export async function applyEcs(
  plan: EcsPlan,
  image: TargetImage,
  context: TargetContext,
  clock: Clock,
): Promise<EcsApplied> {
  const { state, target, title } = plan;
  if (state.kind !== "found") throw new Error(`no plan to apply for ${plan.title}`);
  const { service, taskDefinition } = state;
  const references = referencesByContainer(target, image);
  const current = taskDefinition.taskDefinitionArn;
  if (isUnderWay(state, references)) return resumeDeployment(state, clock);
  const configuration = configurationWithAlarms(target, service);
  if (plan.changes.every(({ field }) => field === alarmField)) {
    return startDeployment(context.clients, service, current, clock, configuration);
  }

  const revisionArn = await takeRevision(plan.reuse, state, references, context);
  const task = target.before;
  const isAsked = task !== undefined && references[task.container] !== undefined;
  if (isAsked) {
    await runOneOff({ task, service, revisionArn, taskDefinition, references, title }, context, clock);
  }
  context.signal.throwIfAborted();
  const applied = await startDeployment(context.clients, service, revisionArn, clock, configuration);
  return isAsked ? { ...applied, oneOff: task.command.join(" ") } : applied;
}

/** The revision to set the service to: an existing one or a new one. Says which. */
async function takeRevision(
  reuse: string | undefined,
  { taskDefinition, tags }: ExistingService,
  references: Readonly<Record<string, string>>,
  { clients: { ecs }, signal, emit, step }: TargetContext,
): Promise<string> {
  const say = (line: string) => emit({ kind: "step-log", id: step, line });
  const kept = await reusableRevision(ecs, reuse, references, signal);
  if (kept !== undefined) {
    say(`reuses ${revisionName(kept.taskDefinitionArn)} unchanged`);
    return kept.taskDefinitionArn;
  }
  const request = nextRevision(taskDefinition, tags, references);
  const alike = await revisionLikeIt(ecs, request, taskDefinition, signal);
  if (alike !== undefined) {
    say(`reuses ${revisionName(alike)}, which is already registered`);
    return alike;
  }
  const registered = await registerRevision(ecs, request, signal);
  say(`registered ${revisionName(registered)} from ${revisionName(taskDefinition.taskDefinitionArn)}`);
  return registered;
}

/**
 * Sets a service to a revision with one UpdateService call. An interruption lets the call finish, so the
 * run always knows whether the deployment has started.
 *
 * @param configuration the service's new deployment configuration, if it changes as well
 */
export async function startDeployment(
  clients: Clients,
  service: Service,
  revisionArn: string,
  clock: Clock,
  configuration?: DeploymentConfiguration,
): Promise<EcsApplied> {
  const startedAt = clock.now();
  const answer = await clients.ecs
    .send(
      new UpdateServiceCommand({
        cluster: service.clusterArn,
        service: service.serviceName,
        taskDefinition: revisionArn,
        ...(configuration === undefined ? {} : { deploymentConfiguration: configuration }),
      }),
    )
    .catch((error: unknown) => {
      throw isAwsError(error, "ServiceNotFoundException", "ServiceNotActiveException")
        ? new UserError(
            {
              code: "unknown-service",
              where: `ECS cluster ${nameOf(service.clusterArn)}`,
              value: service.serviceName,
              message: "the service was deleted during the deployment",
              fix: "create it again, then deploy",
            },
            { exitCode: 1, cause: error },
          )
        : error;
    });
  const started = answer.service === undefined ? undefined : primaryOf(answer.service);
  const ours = started?.taskDefinition === revisionArn ? started : undefined;
  return {
    cluster: service.clusterArn ?? "",
    service: service.serviceName ?? "",
    revisionArn,
    previousArn: service.taskDefinition,
    deploymentId: ours?.id,
    createdAt: ours?.createdAt ?? new Date(startedAt),
    startedAt,
    seenEvents: eventIds(service),
  };
}

/** Whether an earlier run was interrupted after it started this deployment. */
function isUnderWay(state: ExistingService, references: Readonly<Record<string, string>>): boolean {
  const { service, taskDefinition } = state;
  return (
    Object.entries(references).every(([name, reference]) => imageIn(taskDefinition, name) === reference) &&
    rolloutOf(service) === "IN_PROGRESS" &&
    primaryOf(service)?.taskDefinition === taskDefinition.taskDefinitionArn
  );
}

/** What `startDeployment` would have returned for the deployment that a service is in. */
export function resumeDeployment(state: ExistingService | SettledService, clock: Clock): EcsApplied {
  const { service } = state;
  const primary = primaryOf(service);
  return {
    cluster: service.clusterArn ?? "",
    service: service.serviceName ?? "",
    revisionArn: state.kind === "settled" ? state.taskDefinitionArn : state.taskDefinition.taskDefinitionArn,
    // Only rolling updates have the state. Without it, any other revision that runs is the earlier one.
    previousArn: service.deployments?.find(
      (one) => one !== primary && (one.rolloutState ?? "COMPLETED") === "COMPLETED",
    )?.taskDefinition,
    deploymentId: primary?.id,
    createdAt: primary?.createdAt ?? new Date(clock.now()),
    startedAt: clock.now(),
    seenEvents: eventIds(service),
  };
}

function eventIds(service: Service): string[] {
  return (service.events ?? []).flatMap((event) => event.id ?? []);
}
