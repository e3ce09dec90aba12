import { z } from "zod";
import { isRegularExpression } from "../../problems/regular-expression.ts";
import { orderSchema } from "../order.ts";

const createSchema = z.strictObject({
  role: z.string().min(1).describe("ARN of the execution role; ${stack} is replaced"),
  architecture: z.enum(["x86_64", "arm64"]).default("x86_64"),
  memoryMegabytes: z.int().min(128).max(10240).default(128),
  timeoutSeconds: z.int().min(1).max(900).default(30),
  ephemeralStorageMegabytes: z
    .int()
    .min(512)
    .max(10240)
    .optional()
    .describe("Size of /tmp; Lambda's own default is 512"),
  environment: z.record(z.string(), z.string()).default({}),
});

const checkSchema = z.strictObject({
  payload: z.unknown().default({}).describe("The event that it is invoked with: any JSON"),
  matches: z
    .string()
    .min(1)
    .refine(isRegularExpression, "is not a regular expression")
    .optional()
    .describe("Regular expression that the answer, as JSON text, has to match"),
  timeoutSeconds: z.int().min(1).max(900).default(30).describe("Time for an answer, a cold start included"),
});

const shiftSchema = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        percent: z
          .int()
          .min(1)
          .max(99)
          .describe("Part of the invocations that the new version gets; 100 follows the last step by itself"),
        seconds: z.int().min(1).max(86_400).describe("How long it stays at that"),
      }),
    )
    .min(1)
    .max(20)
    .refine(
      (steps) =>
        steps.every(
          ({ percent }, index) => percent > (steps[index - 1]?.percent ?? Number.NEGATIVE_INFINITY),
        ),
      "must grow: each step's percent has to be above the one before",
    ),
  alarms: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .describe("CloudWatch alarms that must not be in ALARM; ${stack} is replaced"),
  errorsAllowed: z
    .int()
    .min(0)
    .optional()
    .describe(
      "Errors of the new version (CloudWatch metric) above which it is put back; default: not counted",
    ),
});

export const lambdaTargetSchema = z
  .strictObject({
    kind: z.literal("lambda"),
    function: z.string().min(1).describe("Name of the function, without an alias; ${stack} is replaced"),
    alias: z
      .string()
      .regex(/^(?!\d+$)[A-Za-z0-9_-]{1,128}$/)
      .default("live")
      .describe("Alias that callers use; moved last"),
    timeoutSeconds: z.int().positive().max(7200).default(300).describe("How long each update is waited for"),
    order: orderSchema,
    check: checkSchema
      .optional()
      .describe(
        "Invocation of the new version, by number, before the alias moves and after each step of a shift",
      ),
    shift: shiftSchema.optional().describe("Moves the alias in steps, and back when a step goes wrong"),
    provisionedConcurrency: z
      .int()
      .min(1)
      .optional()
      .describe("Execution environments kept ready for the version that the alias is on"),
    keepVersions: z
      .int()
      .min(2)
      .max(10_000)
      .optional()
      .describe("Published versions to keep; older ones that no alias uses are deleted. Default: all"),
    create: createSchema
      .optional()
      .describe(
        "How to create the function when it does not exist; without it a missing function is an error",
      ),
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
