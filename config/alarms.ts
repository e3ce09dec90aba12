import { z } from "zod";

const arn = z.string().regex(/^arn:/, { error: "is not an ARN" });

/**
 * Which alarms a stack has and when they fire. Every threshold has a default; `enabled: false` leaves
 * the kind out.
 */
export const alarmsSchema = z.strictObject({
  email: z.email().optional().describe("Subscribed to the topic; has to be confirmed once"),
  findings: z
    .strictObject({
      enabled: z.boolean().default(true),
      severities: z.array(z.enum(["CRITICAL", "HIGH", "MEDIUM"])).default(["CRITICAL", "HIGH"]),
    })
    .prefault({}),
  failedScans: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  failedDeployments: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  ecs: z
    .strictObject({
      enabled: z.boolean().default(true),
      cpuPercent: z.number().positive().max(100).default(85),
      memoryPercent: z.number().positive().max(100).default(85),
      minimumRunningTasks: z.int().nonnegative().default(1),
    })
    .prefault({}),
  lambda: z
    .strictObject({
      enabled: z.boolean().default(true),
      errors: z.int().nonnegative().default(0).describe("Errors in five minutes above which it fires"),
      throttles: z.int().nonnegative().default(0),
      durationMilliseconds: z.int().positive().default(10_000).describe("95th percentile"),
    })
    .prefault({}),
  loadBalancers: z
    .array(
      z.strictObject({
        loadBalancer: arn.describe("ARN of the application load balancer"),
        targetGroups: z.array(arn).default([]),
        serverErrors: z.int().nonnegative().default(5).describe("5xx answers in five minutes"),
        latencySeconds: z.number().positive().default(1).describe("95th percentile"),
        minimumHealthyHosts: z.int().nonnegative().default(1),
      }),
    )
    .default([]),
  storage: z
    .strictObject({
      enabled: z.boolean().default(true),
      gigabytes: z.number().positive().default(50).describe("Size of one repository above which it fires"),
    })
    .prefault({}),
});

export type AlarmSettings = z.output<typeof alarmsSchema>;
