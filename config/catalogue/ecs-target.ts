import { z } from "zod";
import { isRegularExpression } from "../problems/regular-expression.ts";
import { orderSchema } from "./target-order.ts";

/** How one container's image comes from another service: container → service. */
const sidecarsSchema = z
  .record(z.string().min(1), z.string().min(1))
  .default({})
  .describe("Further containers that take images, each from another service here: container → service");

const smokeSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Asked once for all; default: each running task of the new revision, at its own address"),
    path: z.string().startsWith("/").default("/").describe("Path and query"),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe("Port of a task; default: the first that the container maps"),
    status: z
      .int()
      .min(100)
      .max(599)
      .default(200)
      .describe("Status that is expected; redirects are not followed"),
    matches: z
      .string()
      .min(1)
      .refine(isRegularExpression, "is not a regular expression")
      .optional()
      .describe("Regular expression that the answer must match"),
    attempts: z.int().min(1).max(100).default(5),
    intervalSeconds: z.number().positive().max(300).default(2).describe("Between two attempts"),
    timeoutSeconds: z.number().positive().max(120).default(5).describe("For one answer"),
    onFailure: z
      .enum(["rollback", "keep"])
      .default("rollback")
      .describe("Put the service back to the revision before, or leave it"),
  })
  .describe("Asked over HTTP once ECS calls the service steady; what does not answer well has failed");

const beforeSchema = z
  .strictObject({
    command: z.array(z.string()).min(1).describe("Command of the one-off task, as an argument list"),
    container: z
      .string()
      .min(1)
      .optional()
      .describe("Container that runs the command; default: the one that takes the image"),
    timeoutSeconds: z.int().positive().max(7200).default(600).describe("How long it may take"),
  })
  .describe(
    "One-off task with the new revision before the service is moved, such as a migration; must exit with 0",
  );

const deploymentAlarmsSchema = z
  .strictObject({
    alarms: z
      .array(z.string().min(1))
      .min(1)
      .describe("Names of CloudWatch alarms; stack: the alarms that the stack has for this service"),
    rollback: z.boolean().default(true).describe("Let ECS go back when one fires"),
  })
  .describe("CloudWatch alarms that end a deployment; set with the update when they differ");

/** An ECS service in services.yaml. */
export const ecsTargetSchema = z
  .strictObject({
    kind: z.literal("ecs"),
    cluster: z.string().min(1).describe("Name or ARN of the cluster; ${stack} is replaced"),
    service: z.string().min(1).describe("Name of the ECS service; ${stack} is replaced"),
    container: z
      .string()
      .min(1)
      .optional()
      .describe("Container of the task definition that takes the image; default: the service's name here"),
    timeoutSeconds: z
      .int()
      .positive()
      .max(7200)
      .default(900)
      .describe("How long the deployment is followed, beyond the bake time that the service has set"),
    order: orderSchema,
    sidecars: sidecarsSchema,
    before: beforeSchema.optional(),
    targetHealth: z
      .boolean()
      .default(true)
      .describe("Whether the tasks must be healthy in the service's target groups, too"),
    smoke: smokeSchema.optional(),
    deploymentAlarms: deploymentAlarmsSchema.optional(),
  })
  .describe("An ECS service");

type Written = z.output<typeof ecsTargetSchema>;

export type SmokeCheck = NonNullable<Written["smoke"]>;
export type OneOffTask = NonNullable<Written["before"]> & { readonly container: string };
export type DeploymentAlarms = NonNullable<Written["deploymentAlarms"]>;

/** An ECS service, defaults filled in. */
export type EcsTarget = Omit<Written, "container" | "sidecars" | "before"> & {
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
  { container, sidecars, before, ...written }: Written,
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
