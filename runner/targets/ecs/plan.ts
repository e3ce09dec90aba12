import type { Service } from "@aws-sdk/client-ecs";
import type { Problem } from "../../../config/problems/errors.ts";
import { didYouMean } from "../../../config/problems/nearest.ts";
import { platformSchema } from "../../../config/stack/platform.ts";
import { ecsDeclaration } from "../../../config/targets/ecs/kind.ts";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { PlannedImage } from "../../registry/image.ts";
import type { FieldChange, TargetImage } from "../target.ts";
import { alarmChange } from "./alarms.ts";
import { imageField, imageIn, imagesByContainer, referencesByContainer } from "./containers.ts";
import { oneOffProblems } from "./one-off/request.ts";
import {
  type EcsPlan,
  type EcsState,
  type ExistingService,
  nameOf,
  primaryOf,
  revisionName,
  rolloutOf,
} from "./state.ts";
import { strategyNotes } from "./strategy.ts";
import { smokeProblems } from "./tasks/smoke.ts";

/** Kind and identity: `ecs shop-dev/ui`. */
export function ecsTitle(target: EcsTarget): string {
  return `ecs ${ecsDeclaration.identity(target)}`;
}

/** What moving an ECS service to an image changes. */
export function planEcs(
  serviceName: string,
  target: EcsTarget,
  state: EcsState,
  image: TargetImage<PlannedImage>,
): EcsPlan {
  const plan = { service: serviceName, target, title: ecsTitle(target), state };
  if (state.kind === "unusable") {
    return { ...plan, action: "none", changes: [], problems: state.problems, notes: [] };
  }
  if (state.kind === "settled") {
    return { ...plan, action: "none", changes: [], problems: [], notes: notesOf(target, state.service, []) };
  }
  const images = imagesByContainer(target, image);
  const problems = [
    ...Object.entries(images).flatMap(([container, one]) => [
      ...containerProblems(container, state),
      ...platformProblems(target, state, one),
    ]),
    ...(target.before === undefined ? [] : containerProblems(target.before.container, state)),
    ...oneOffProblems(target, state),
    ...smokeProblems(target, state),
  ];
  const changes = changesOf(target, state, image);
  return {
    ...plan,
    action: changes.length > 0 ? "update" : "none",
    changes,
    problems,
    notes: notesOf(target, state.service, changes),
  };
}

function changesOf(
  target: EcsTarget,
  state: ExistingService,
  image: TargetImage<PlannedImage>,
): FieldChange[] {
  const references = Object.entries(referencesByContainer(target, image));
  const known = references.filter(([name]) => imageIn(state.taskDefinition, name) !== undefined);
  if (known.length === 0) return [];
  const images = known.flatMap(([container, after]): FieldChange[] => {
    const before = imageIn(state.taskDefinition, container);
    return before === after ? [] : [{ field: imageField(container), before, after }];
  });
  // The right image may be declared already; what counts is whether it is also what came to run.
  const rollout = rolloutOf(state.service);
  const unfinished =
    images.length > 0 || rollout === "COMPLETED"
      ? []
      : [{ field: "deployment", before: rollout, after: "COMPLETED" }];
  const alarms = [alarmChange(target, state.service)].filter((one) => one !== undefined);
  return [...images, ...unfinished, ...alarms];
}

function containerProblems(container: string, { taskDefinition }: ExistingService): Problem[] {
  const names = taskDefinition.containerDefinitions.map((one) => one.name);
  if (names.includes(container)) return [];
  return [
    {
      code: "unknown-container",
      where: `task definition ${revisionName(taskDefinition.taskDefinitionArn)}`,
      value: container,
      message: "the task definition has no such container",
      fix: `${didYouMean(container, names)}; name it with "container" or "sidecars" in the target`,
    },
  ];
}

/** The platform that a service's tasks need; undefined when any instance's architecture will do. */
export function platformOf({ service, taskDefinition }: ExistingService): string | undefined {
  const { cpuArchitecture, operatingSystemFamily } = taskDefinition.runtimePlatform ?? {};
  if (operatingSystemFamily?.startsWith("WINDOWS")) return "windows/amd64";
  if (cpuArchitecture === "ARM64") return "linux/arm64";
  if (cpuArchitecture === "X86_64") return "linux/amd64";
  // Fargate runs what says nothing on x86_64; on EC2 it is the instances' own.
  const providers = service.capacityProviderStrategy ?? [];
  const fargate =
    service.launchType === "FARGATE" ||
    providers.some((provider) => provider.capacityProvider?.startsWith("FARGATE"));
  return fargate ? "linux/amd64" : undefined;
}

function platformProblems(target: EcsTarget, state: ExistingService, image: PlannedImage): Problem[] {
  const platform = platformOf(state);
  const built = Object.keys(image.manifests);
  if (platform === undefined || built.length === 0 || built.includes(platform)) return [];
  return [
    {
      code: "platform-mismatch",
      where: `ECS service ${nameOf(target.cluster)}/${target.service}`,
      value: platform,
      message: `its tasks run on ${platform}, and the image is built for ${built.join(", ")} only`,
      fix: platformSchema.safeParse(platform).success
        ? `add ${platform} to the service's platforms in services.yaml, or change runtimePlatform of task definition ${state.taskDefinition.family}`
        : `change runtimePlatform of task definition ${state.taskDefinition.family}: Slipway builds Linux images only`,
    },
  ];
}

function notesOf(target: EcsTarget, service: Service, changes: readonly FieldChange[]): string[] {
  const notes: string[] = [];
  if (service.schedulingStrategy !== "DAEMON" && service.desiredCount === 0) {
    notes.push("the desired count is 0: the revision will be set, but no task will run");
  }
  if (service.schedulingStrategy === "DAEMON") {
    notes.push("it is a daemon service: one task on each instance");
  }
  const primary = primaryOf(service);
  const { runningCount = 0, desiredCount = 0 } = service;
  if (changes.length === 0 && runningCount < desiredCount) {
    notes.push(`it is set to this image, but only ${runningCount} of ${desiredCount} tasks run`);
  }
  const supersedes = changes.some((change) => change.field.endsWith(".image"));
  if (supersedes && primary !== undefined && rolloutOf(service) === "IN_PROGRESS") {
    notes.push(
      `a deployment of ${revisionName(primary.taskDefinition)} is still in progress; this one will replace it`,
    );
  }
  if (changes.length > 0 && target.before !== undefined && supersedes) {
    notes.push(`before the update, once, in ${target.before.container}: ${target.before.command.join(" ")}`);
  }
  if (changes.length > 0) notes.push(...strategyNotes(service, target.timeoutSeconds));
  const breaker = service.deploymentConfiguration?.deploymentCircuitBreaker;
  if (changes.length > 0 && breaker?.enable !== true) {
    notes.push("without a deployment circuit breaker, ECS keeps trying a version that can't start");
  }
  return notes;
}
