import { z } from "zod";

const arn = z.string().regex(/^arn:/, { error: "is not an ARN" });

/**
 * Which alarms a stack has and when they fire. Every threshold has a default; `enabled: false` leaves
 * the kind out. Each is made of what AWS really publishes; docs/reference/alarms.md says how to make it fire.
 */
export const alarmsSchema = z.strictObject({
  email: z.email().optional().describe("Email addresses to subscribe to the topic; each must confirm once"),
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
      minimumRunningTasks: z
        .int()
        .nonnegative()
        .default(1)
        .describe("Number of running tasks below which the alarm fires; 0: never"),
    })
    .prefault({}),
  lambda: z
    .strictObject({
      enabled: z.boolean().default(true),
      errors: z.int().nonnegative().default(0).describe("Errors in five minutes above which the alarm fires"),
      throttles: z
        .int()
        .nonnegative()
        .default(0)
        .describe("Throttles in five minutes above which the alarm fires"),
      durationMilliseconds: z
        .int()
        .positive()
        .default(10_000)
        .describe("95th percentile over five minutes above which the alarm fires"),
    })
    .prefault({}),
  loadBalancers: z
    .array(
      z.strictObject({
        loadBalancer: arn
          .regex(/:loadbalancer\/app\/[^/]+\/[0-9a-f]+$/, {
            error: "is not an application load balancer's ARN",
          })
          .describe("ARN of the application load balancer"),
        targetGroups: z
          .array(arn.regex(/:targetgroup\/[^/]+\/[0-9a-f]+$/, { error: "is not a target group's ARN" }))
          .default([]),
        serverErrors: z
          .int()
          .nonnegative()
          .default(5)
          .describe("5xx responses in five minutes above which the alarm fires"),
        latencySeconds: z
          .number()
          .positive()
          .default(1)
          .describe("95th percentile over five minutes above which the alarm fires"),
        minimumHealthyHosts: z
          .int()
          .positive()
          .default(1)
          .describe("Healthy targets of each group below which the alarm fires"),
      }),
    )
    .default([]),
  storage: z
    .strictObject({
      enabled: z.boolean().default(true),
      pushesPerDay: z
        .int()
        .positive()
        .default(300)
        .describe(
          "Manifests pushed to one repository in a day above which the alarm fires (ECR publishes no size)",
        ),
    })
    .prefault({}),
});

export type AlarmSettings = z.output<typeof alarmsSchema>;
export type Severity = AlarmSettings["findings"]["severities"][number];
