import { z } from "zod";

/*
 * ECR's lifecycle policy format, as PutLifecyclePolicy takes it and GetLifecyclePolicy returns it.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
 */

const tags = z.array(z.string());
const countNumber = z.number().int().positive();

const tagSelection = z.union([
  z.object({ tagStatus: z.enum(["untagged", "any"]) }),
  z.object({ tagStatus: z.literal("tagged"), tagPrefixList: tags.min(1) }),
  z.object({ tagStatus: z.literal("tagged"), tagPatternList: tags.min(1) }),
]);

const count = z.union([
  z.object({
    countType: z.literal("imageCountMoreThan"),
    countNumber,
    storageClass: z.literal("standard").exactOptional(),
  }),
  z.object({
    countType: z.enum(["sinceImagePushed", "sinceImagePulled"]),
    // ECR fills in the only unit that there is.
    countUnit: z.literal("days").default("days"),
    countNumber,
    storageClass: z.literal("standard").exactOptional(),
  }),
  z.object({
    countType: z.literal("sinceImageTransitioned"),
    countUnit: z.literal("days").default("days"),
    countNumber,
    storageClass: z.literal("archive"),
  }),
]);

const action = z.union([
  z.object({ type: z.literal("expire") }),
  z.object({ type: z.literal("transition"), targetStorageClass: z.literal("archive") }),
]);

const rule = z.object({
  rulePriority: z.number().int().positive(),
  description: z.string().default(""),
  selection: z.intersection(tagSelection, count),
  action,
});

const policySchema = z.object({ rules: z.array(rule).min(1) });

export type LifecyclePolicy = z.output<typeof policySchema>;
export type LifecycleRule = LifecyclePolicy["rules"][number];
export type LifecycleSelection = LifecycleRule["selection"];
export type LifecycleAction = LifecycleRule["action"];

/**
 * Reads the text of a lifecycle policy.
 *
 * @throws ZodError for a text that is not a policy of the documented format, SyntaxError for one that is not JSON
 */
export function parsePolicy(text: string): LifecyclePolicy {
  return policySchema.parse(JSON.parse(text));
}

/** Storage class of the images that a rule looks at. */
export function storageClassOfRule({ selection }: LifecycleRule): "standard" | "archive" {
  return selection.storageClass ?? "standard";
}
