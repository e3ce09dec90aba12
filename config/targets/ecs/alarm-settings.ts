import { z } from "zod";

/** When the alarms of ECS services fire: `slipway:alarms` `ecs`. */
export const ecsAlarmSettings = z
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
  .prefault({});

export type EcsAlarmSettings = z.output<typeof ecsAlarmSettings>;
