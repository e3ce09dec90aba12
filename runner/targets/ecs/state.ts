import type { Deployment, Service, Tag } from "@aws-sdk/client-ecs";
import type { Problem } from "../../../config/problems/errors.ts";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import type { TargetPlan } from "../target.ts";

/** A task definition as the API sends it: also with fields that our SDK does not know yet. */
export interface TaskDefinition {
  readonly taskDefinitionArn: string;
  readonly family: string;
  readonly revision: number;
  readonly containerDefinitions: readonly ContainerDefinition[];
  readonly runtimePlatform?: { cpuArchitecture?: string; operatingSystemFamily?: string } | null;
  readonly requiresCompatibilities?: readonly string[] | null;
  readonly [field: string]: unknown;
}

export interface ContainerDefinition {
  readonly name: string;
  readonly image?: string;
  readonly essential?: boolean;
  readonly logConfiguration?: {
    readonly logDriver?: string;
    readonly options?: Readonly<Record<string, string>> | null;
  } | null;
  readonly [field: string]: unknown;
}

/** What was found of an ECS target. */
export type EcsState =
  | { readonly kind: "unusable"; readonly problems: readonly Problem[] }
  | SettledService
  | {
      readonly kind: "found";
      readonly service: Service;
      /** The service's task definition: what its PRIMARY deployment runs. */
      readonly taskDefinition: TaskDefinition;
      readonly tags: readonly Tag[];
    };

/**
 * A service whose only service revision already runs the images that it is to run, and that needs no other
 * change. Its task definition was not read.
 */
export interface SettledService {
  readonly kind: "settled";
  readonly service: Service;
  /** ARN of its task definition. */
  readonly taskDefinitionArn: string;
}

/** What would be done to an ECS service. */
export type EcsPlan = TargetPlan<EcsState, EcsTarget>;

export type ExistingService = Extract<EcsState, { kind: "found" }>;

/** The deployment that the service is set to; the list's order means nothing. */
export function primaryOf(service: Service): Deployment | undefined {
  return service.deployments?.find((deployment) => deployment.status === "PRIMARY");
}

/**
 * How far the service's own deployment has got: `COMPLETED`, `IN_PROGRESS`, `FAILED`.
 *
 * "Only returned for services that use the rolling update (ECS) deployment type that aren't behind a
 * Classic Load Balancer", says the API reference of Deployment.rolloutState: all others are judged by counts.
 */
export function rolloutOf(service: Service): string {
  const primary = primaryOf(service);
  if (primary?.rolloutState !== undefined) return primary.rolloutState;
  const all = (primary?.runningCount ?? 0) >= (primary?.desiredCount ?? service.desiredCount ?? 0);
  return all && (service.deployments?.length ?? 0) <= 1 ? "COMPLETED" : "IN_PROGRESS";
}

/** `shop-ui:12` of an ARN. */
export function revisionName(taskDefinitionArn: string | undefined): string {
  return taskDefinitionArn?.split("/").at(-1) ?? "unknown";
}

/** The name at the end of a cluster's, service's or task's ARN. */
export function nameOf(arn: string | undefined): string {
  return arn?.split("/").at(-1) ?? "";
}
