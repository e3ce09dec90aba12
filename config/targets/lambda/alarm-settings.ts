import { z } from "zod";

/** When the alarms of functions fire: `slipway:alarms` `lambda`. */
export const lambdaAlarmSettings = z
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
  .prefault({});

export type LambdaAlarmSettings = z.output<typeof lambdaAlarmSettings>;
