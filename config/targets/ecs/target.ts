import { z } from "zod";
import { orderSchema } from "../order.ts";
import { smokeSchema } from "../smoke.ts";

/** How one container's image comes from another service: container → service. */
const sidecarsSchema = z
  .record(z.string().min(1), z.string().min(1))
  .default({})
  .describe("Other containers that take images of other services: container → service");

const beforeSchema = z
  .strictObject({
    command: z.array(z.string()).min(1).describe("Command of the one-off task, as a list of arguments"),
    container: z
      .string()
      .min(1)
      .optional()
      .describe("Container that runs the command; default: the container that takes the image"),
    timeoutSeconds: z.int().positive().max(7200).default(600).describe("Time limit of the task"),
  })
  .describe(
    "One-off task to run with the new revision before the update, such as a migration; must exit with 0",
  );

const deploymentAlarmsSchema = z
  .strictObject({
    alarms: z
      .array(z.string().min(1))
      .min(1)
      .describe("Names of CloudWatch alarms; stack: the alarms that the stack declares for this service"),
    rollback: z.boolean().default(true).describe("Let ECS roll back when an alarm fires"),
  })
  .describe("CloudWatch alarms that end a deployment; Slipway sets them with the update if they differ");

/** An ECS service in services.yaml. */
export const ecsTargetSchema = z
  .strictObject({
    kind: z.literal("ecs"),
    cluster: z.string().min(1).describe("Name or ARN of the cluster; Slipway replaces ${stack}"),
    service: z.string().min(1).describe("Name of the ECS service; Slipway replaces ${stack}"),
    container: z
      .string()
      .min(1)
      .optional()
      .describe("Container of the task definition that takes the image; default: the name of this service"),
    timeoutSeconds: z
      .int()
      .positive()
      .max(7200)
      .default(900)
      .describe("Time limit for the deployment, plus the service's bake time"),
    order: orderSchema,
    sidecars: sidecarsSchema,
    before: beforeSchema.optional(),
    targetHealth: z
      .boolean()
      .default(true)
      .describe("Also require healthy tasks in the service's target groups"),
    smoke: smokeSchema.optional(),
    deploymentAlarms: deploymentAlarmsSchema.optional(),
  })
  .describe("An ECS service");

export type WrittenEcsTarget = z.output<typeof ecsTargetSchema>;

export type OneOffTask = NonNullable<WrittenEcsTarget["before"]> & { readonly container: string };
export type DeploymentAlarms = NonNullable<WrittenEcsTarget["deploymentAlarms"]>;

/** An ECS service with its defaults. */
export type EcsTarget = Omit<WrittenEcsTarget, "container" | "sidecars" | "before"> & {
  /** Container that takes the image of the service that the target belongs to. */
  readonly container: string;
  /** Container → service whose image it takes: `container`, and the sidecars. */
  readonly containers: Readonly<Record<string, string>>;
  readonly before?: OneOffTask;
};

/**
 * An ECS target as one stack sees it.
 *
 * @param forStack puts the stack's name in
 */
export function resolveEcsTarget(
  { container, sidecars, before, ...written }: WrittenEcsTarget,
  service: string,
  forStack: (text: string) => string,
): EcsTarget {
  const ours = forStack(container ?? service);
  return {
    ...written,
    cluster: forStack(written.cluster),
    service: forStack(written.service),
    container: ours,
    containers: {
      [ours]: service,
      ...Object.fromEntries(Object.entries(sidecars).map(([name, other]) => [forStack(name), other])),
    },
    ...(before === undefined ? {} : { before: { ...before, container: forStack(before.container ?? ours) } }),
    ...(written.smoke?.url === undefined
      ? {}
      : { smoke: { ...written.smoke, url: forStack(written.smoke.url) } }),
    ...(written.deploymentAlarms === undefined
      ? {}
      : {
          deploymentAlarms: {
            ...written.deploymentAlarms,
            alarms: written.deploymentAlarms.alarms.map(forStack),
          },
        }),
  };
}

/** Name of the cluster, which a catalogue may give as its ARN. */
export function clusterName({ cluster }: Pick<EcsTarget, "cluster">): string {
  return cluster.split("/").at(-1) ?? cluster;
}
