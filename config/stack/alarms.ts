import { z } from "zod";

const arn = z.string().regex(/^arn:/, { error: "is not an ARN" });

/** The alarms of every stack, whatever its targets. */
export const sharedAlarmsSchema = z.strictObject({
  email: z.email().optional().describe("Email addresses to subscribe to the topic; each must confirm once"),
  findings: z
    .strictObject({
      enabled: z.boolean().default(true),
      severities: z.array(z.enum(["CRITICAL", "HIGH", "MEDIUM"])).default(["CRITICAL", "HIGH"]),
    })
    .prefault({}),
  failedScans: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  failedDeployments: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
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

export type SharedAlarmSettings = z.output<typeof sharedAlarmsSchema>;
export type Severity = SharedAlarmSettings["findings"]["severities"][number];
