import { z } from "zod";

/** Up to a hundred for each frequency: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_RegistryScanningRule.html */
const scanFilters = z
  .array(
    z
      .string()
      .max(256)
      .regex(/^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$/, { error: "is not a filter that ECR accepts" }),
  )
  .max(100);

/** Days that Inspector takes: https://docs.aws.amazon.com/inspector/v2/APIReference/API_EcrConfiguration.html */
const days = [3, 7, 14, 30, 60, 90, 180] as const;

const rescanSchema = z
  .strictObject({
    pushDays: z
      .literal([...days, "lifetime"])
      .describe("Days from its push on which Inspector scans an image again"),
    pullDays: z
      .literal(days)
      .optional()
      .describe("Days from its last use or pull; default: as the account has it"),
    pullDate: z
      .enum(["last-in-use", "last-pull"])
      .optional()
      .describe(
        "What pullDays counts from: when a task or pod last ran the image, or its last pull; default: as the account has it",
      ),
  })
  .describe(
    "How long Inspector scans images again (enhanced mode only). Pulumi has no resource for it: `slipway doctor` compares it with the account, and names the command that sets it",
  );

export type RescanSettings = z.output<typeof rescanSchema>;

export const scanningSchema = z.strictObject({
  mode: z.enum(["basic", "enhanced"]).default("basic"),
  filters: z
    .strictObject({
      onPush: scanFilters
        .default([])
        .describe("Repositories whose images are scanned when they are pushed; * stands for any characters"),
      continuous: scanFilters
        .default([])
        .describe("Repositories whose images Inspector also scans again (enhanced mode only)"),
    })
    .optional()
    .describe(
      "Repositories of the registry to scan, by filters. Default: all, continuously in enhanced mode; what no filter matches is scanned on request (basic) or not at all (enhanced)",
    ),
  rescan: rescanSchema.optional(),
  pullTimeExclusions: z
    .array(z.string().regex(/^arn:[^*]+$/, { error: "must be the ARN of a principal, without wildcards" }))
    .max(100)
    .default([])
    .describe(
      "Roles and users, such as those of scanners, whose pulls do not count as use: ECR keeps the time of the last pull",
    ),
  lambda: z.boolean().default(false).describe("Also let Inspector scan functions (enhanced mode only)"),
  manageRegistry: z
    .boolean()
    .default(true)
    .describe(
      "Let this stack manage the registry's scanning configuration; exactly one stack of an account may",
    ),
});

/** `ecrConfiguration` of Inspector's UpdateConfiguration, as AWS's model names its members and values. */
export interface InspectorRescan {
  readonly rescanDuration: `DAYS_${(typeof days)[number]}` | "LIFETIME";
  readonly pullDateRescanDuration?: `DAYS_${(typeof days)[number]}`;
  readonly pullDateRescanMode?: "LAST_IN_USE_AT" | "LAST_PULL_DATE";
}

/** What a stack's setting is in Inspector's words. */
export function inspectorRescan({ pushDays, pullDays, pullDate }: RescanSettings): InspectorRescan {
  return {
    rescanDuration: pushDays === "lifetime" ? "LIFETIME" : `DAYS_${pushDays}`,
    ...(pullDays === undefined ? {} : { pullDateRescanDuration: `DAYS_${pullDays}` }),
    ...(pullDate === undefined
      ? {}
      : { pullDateRescanMode: pullDate === "last-in-use" ? "LAST_IN_USE_AT" : "LAST_PULL_DATE" }),
  };
}

/** The command that makes Inspector do what a stack says: `aws inspector2 update-configuration …`. */
export function rescanCommand(
  wanted: InspectorRescan,
  { region, profile }: { readonly region: string; readonly profile?: string | undefined },
): string {
  const members = Object.entries(wanted).map(([name, value]) => `${name}=${value}`);
  const from = profile === undefined ? "" : ` --profile ${profile}`;
  return `aws inspector2 update-configuration --ecr-configuration ${members.join(",")} --region ${region}${from}`;
}
