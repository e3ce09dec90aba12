import { createHash } from "node:crypto";
import type {
  RunTaskCommandInput,
  Service,
  ServiceVolumeConfiguration,
  TaskVolumeConfiguration,
} from "@aws-sdk/client-ecs";
import type { Problem } from "../../../../config/problems/errors.ts";
import type { EcsTarget, OneOffTask } from "../../../../config/targets/ecs/target.ts";
import { type ExistingService, nameOf, primaryOf, type TaskDefinition } from "../state.ts";

export interface OneOff {
  readonly task: OneOffTask;
  readonly service: Service;
  /** The new revision: the task runs with it. */
  readonly revisionArn: string;
  readonly taskDefinition: TaskDefinition;
  /** Container → reference, of those that are moved. */
  readonly references: Readonly<Record<string, string>>;
  /** Name of the target, for people. */
  readonly title: string;
}

/** The request that runs the task where and as the service runs its own. */
export function requestOf(
  { task, service, revisionArn, taskDefinition }: OneOff,
  token: string,
  attempt: number,
): RunTaskCommandInput {
  const { capacityProviderStrategy = [], launchType, platformVersion } = service;
  const volumeConfigurations = launchVolumes(taskDefinition).flatMap((name) => volumeOf(service, name) ?? []);
  return {
    cluster: service.clusterArn,
    taskDefinition: revisionArn,
    count: 1,
    startedBy: token,
    clientToken: `${token}-${attempt}`,
    overrides: { containerOverrides: [{ name: task.container, command: [...task.command] }] },
    ...(service.networkConfiguration === undefined
      ? {}
      : { networkConfiguration: service.networkConfiguration }),
    ...(capacityProviderStrategy.length > 0
      ? { capacityProviderStrategy }
      : launchType === undefined
        ? {}
        : { launchType }),
    ...(platformVersion === undefined || platformVersion === "" ? {} : { platformVersion }),
    ...((service.placementConstraints ?? []).length === 0
      ? {}
      : { placementConstraints: service.placementConstraints }),
    ...(service.propagateTags === "TASK_DEFINITION" ? { propagateTags: "TASK_DEFINITION" as const } : {}),
    ...(volumeConfigurations.length === 0 ? {} : { volumeConfigurations }),
  };
}

/** Names the work: service, what it runs now, images, command. At most 36 characters, as startedBy takes. */
export function tokenOf({ task, service, references }: OneOff): string {
  const work = [
    service.serviceArn,
    service.taskDefinition,
    Object.entries(references).sort(),
    task.container,
    task.command,
  ];
  return `slipway-${createHash("sha256").update(JSON.stringify(work)).digest("hex").slice(0, 24)}`;
}

/** Why ECS would not start a target's one-off task; empty when nothing prevents it. */
export function oneOffProblems(target: EcsTarget, { service, taskDefinition }: ExistingService): Problem[] {
  if (target.before === undefined) return [];
  return launchVolumes(taskDefinition)
    .filter((name) => volumeOf(service, name) === undefined)
    .map((name) => ({
      code: "one-off-without-volume",
      where: `ECS service ${nameOf(target.cluster)}/${target.service}`,
      key: "before",
      value: name,
      message:
        "the task before the update can't run: its volume is configured at launch, and the service has no configuration for it",
      fix: "configure the volume in the service (volumeConfigurations), or leave before out",
    }));
}

/** Volumes of a task definition that RunTask has to configure: EBS. */
function launchVolumes({ volumes }: TaskDefinition): string[] {
  const declared = (volumes ?? []) as readonly { name?: string; configuredAtLaunch?: boolean | null }[];
  return declared.flatMap(({ name, configuredAtLaunch }) =>
    configuredAtLaunch === true && name !== undefined ? [name] : [],
  );
}

/** A volume as the service configures it for its own tasks; it goes with the task. */
function volumeOf(service: Service, name: string): TaskVolumeConfiguration | undefined {
  const found = primaryOf(service)?.volumeConfigurations?.find((volume) => volume.name === name);
  return found?.managedEBSVolume === undefined ? undefined : forTask(name, found.managedEBSVolume);
}

function forTask(
  name: string,
  { tagSpecifications, ...volume }: NonNullable<ServiceVolumeConfiguration["managedEBSVolume"]>,
): TaskVolumeConfiguration {
  // A task of RunTask has no service to take tags from.
  const tags = tagSpecifications?.map(({ propagateTags, ...specification }) => ({
    ...specification,
    ...(propagateTags === undefined || propagateTags === "SERVICE" ? {} : { propagateTags }),
  }));
  return {
    name,
    managedEBSVolume: {
      ...volume,
      ...(tags === undefined ? {} : { tagSpecifications: tags }),
      terminationPolicy: { deleteOnTermination: true },
    },
  };
}
