import { z } from "zod";
import { isRegularExpression } from "../../problems/regular-expression.ts";
import { orderSchema } from "../order.ts";

const createSchema = z.strictObject({
  role: z.string().min(1).describe("ARN of the execution role; Slipway replaces ${stack}"),
  architecture: z.enum(["x86_64", "arm64"]).default("x86_64"),
  memoryMegabytes: z.int().min(128).max(10240).default(128),
  timeoutSeconds: z.int().min(1).max(900).default(30),
  ephemeralStorageMegabytes: z
    .int()
    .min(512)
    .max(10240)
    .optional()
    .describe("Size of /tmp; Lambda's default is 512"),
  environment: z.record(z.string(), z.string()).default({}),
});

const checkSchema = z.strictObject({
  payload: z.unknown().default({}).describe("Event to invoke the function with: any JSON"),
  matches: z
    .string()
    .min(1)
    .refine(isRegularExpression, "is not a regular expression")
    .optional()
    .describe("Regular expression that the response, as JSON text, must match"),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(900)
    .default(30)
    .describe("Time limit for a response, including a cold start"),
});

const shiftSchema = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        percent: z
          .int()
          .min(1)
          .max(99)
          .describe("Share of invocations for the new version; 100 follows the last step automatically"),
        seconds: z.int().min(1).max(86_400).describe("Duration of the step"),
      }),
    )
    .min(1)
    .max(20)
    .refine(
      (steps) =>
        steps.every(
          ({ percent }, index) => percent > (steps[index - 1]?.percent ?? Number.NEGATIVE_INFINITY),
        ),
      "must increase with each step",
    ),
  alarms: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .describe("CloudWatch alarms that must not be in ALARM; Slipway replaces ${stack}"),
  errorsAllowed: z
    .int()
    .min(0)
    .optional()
    .describe(
      "Errors of the new version (CloudWatch metric) above which Slipway rolls back; default: not counted",
    ),
});

export const lambdaTargetSchema = z
  .strictObject({
    kind: z.literal("lambda"),
    function: z.string().min(1).describe("Name of the function, without an alias; Slipway replaces ${stack}"),
    alias: z
      .string()
      .regex(/^(?!\d+$)[A-Za-z0-9_-]{1,128}$/)
      .default("live")
      .describe("Alias that callers use; Slipway updates it last"),
    timeoutSeconds: z.int().positive().max(7200).default(300).describe("Time limit for each update"),
    order: orderSchema,
    check: checkSchema
      .optional()
      .describe("Invocation of the new version before the alias moves, and after each step of a shift"),
    shift: shiftSchema.optional().describe("Move the alias in steps, and back if a step fails"),
    provisionedConcurrency: z
      .int()
      .min(1)
      .optional()
      .describe("Provisioned concurrency for the version that the alias points to"),
    keepVersions: z
      .int()
      .min(2)
      .max(10_000)
      .optional()
      .describe("Published versions to keep; Slipway deletes older ones that no alias uses. Default: all"),
    create: createSchema
      .optional()
      .describe("How to create a function that does not exist; without it, a missing function is an error"),
  })
  .describe("A Lambda function, reached through an alias");

export type LambdaTarget = z.output<typeof lambdaTargetSchema>;
export type LambdaShift = z.output<typeof shiftSchema>;
export type LambdaCheck = z.output<typeof checkSchema>;

/**
 * A Lambda target as one stack sees it.
 *
 * @param forStack replaces ${stack} with the name of the stack
 */
export function resolveLambdaTarget(
  target: LambdaTarget,
  _service: string,
  forStack: (text: string) => string,
): LambdaTarget {
  const { create, shift } = target;
  return {
    ...target,
    function: forStack(target.function),
    ...(create === undefined ? {} : { create: { ...create, role: forStack(create.role) } }),
    ...(shift === undefined ? {} : { shift: { ...shift, alarms: shift.alarms.map(forStack) } }),
  };
}
