import { z } from "zod";

const days = z.int().positive();
const count = z.int().positive();

/** Which images a rule is about. Prefixes and patterns are alternatives (OR): each becomes a rule of its own. */
const selectionSchema = z.union([
  z.literal("untagged"),
  z.literal("any"),
  z.strictObject({ prefixes: z.array(z.string().min(1)).min(1) }),
  z.strictObject({ patterns: z.array(z.string().min(1)).min(1) }),
]);

/** One rule of a retention description: a selection and exactly one thing to do with what it selects. */
export const retentionRuleSchema = z
  .strictObject({
    images: selectionSchema.describe("untagged, any, {prefixes: […]} or {patterns: […]}"),
    keepLast: count.optional().describe("Expire all but the newest so many"),
    expireAfterDays: days.optional().describe("Expire so many days after the push"),
    archiveAfterDays: days
      .optional()
      .describe("Move to the archive storage class so many days after the push"),
    archiveAfterDaysUnpulled: days
      .optional()
      .describe("Move to the archive storage class when not pulled for so many days"),
    description: z.string().optional(),
  })
  .refine(
    (rule) =>
      [rule.keepLast, rule.expireAfterDays, rule.archiveAfterDays, rule.archiveAfterDaysUnpulled].filter(
        (action) => action !== undefined,
      ).length === 1,
    "needs exactly one of keepLast, expireAfterDays, archiveAfterDays, archiveAfterDaysUnpulled",
  );

export const retentionPresets = ["releases", "development", "scan-and-keep", "environments"] as const;

/** How long images are kept: a preset, or rules in order of precedence. */
export const retentionSchema = z.union([
  z.strictObject({ preset: z.enum(retentionPresets) }),
  z.strictObject({ rules: z.array(retentionRuleSchema).min(1) }),
]);

export type RetentionRule = z.output<typeof retentionRuleSchema>;
export type Retention = z.output<typeof retentionSchema>;
export type RetentionPreset = (typeof retentionPresets)[number];
