import { z } from "zod";

/*
 * ECR's own limits, from "Lifecycle policy properties" and "How lifecycle policies work" in its user
 * guide. What breaks one of them is refused here, where the reason can be given, and not by ECR.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
 */
const maximumRules = 50;
const maximumWildcards = 4;
const minimumDaysInArchive = 90;

/**
 * Keep tags: something runs this image, or a rollback would return to it. Their rules come before all others.
 */
export const keepTagPrefixes = ["inuse-", "lastgood-"] as const;

/** Prefix of the source tag, which every image has. */
export const sourceTagPrefix = "src-";

const days = z.int().positive().max(36_500);
const count = z.int().positive().max(9999);

const prefixSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, {
    error: "is not a valid tag prefix: letters, digits, and . _ - after the first character",
  });

const patternSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9._*-]+$/, {
    error: "is not a valid tag pattern: letters, digits, . _ - and * are allowed",
  })
  .refine((pattern) => pattern.split("*").length - 1 <= maximumWildcards, {
    error: `has more than the ${maximumWildcards} wildcards (*) that ECR allows in one pattern`,
  });

/**
 * Which images a rule is about. Prefixes and patterns are alternatives (OR): each becomes a rule of its own.
 */
const selectionSchema = z.union([
  z.literal("untagged"),
  z.literal("any"),
  z.strictObject({ prefixes: z.array(prefixSchema).min(1) }),
  z.strictObject({ patterns: z.array(patternSchema).min(1) }),
]);

const actionNames = [
  "keepLast",
  "expireAfterDays",
  "archiveAllButLast",
  "archiveAfterDays",
  "archiveAfterDaysUnpulled",
  "expireAfterDaysInArchive",
] as const;

/** One rule of a retention description: a selection and exactly one thing to do with what it selects. */
export const retentionRuleSchema = z
  .strictObject({
    images: selectionSchema.describe("untagged, any, {prefixes: […]} or {patterns: […]}"),
    keepLast: count.optional().describe("Expire all but this many of the newest"),
    expireAfterDays: days.optional().describe("Expire this many days after the push"),
    archiveAllButLast: count
      .optional()
      .describe("Move all but this many of the newest to the archive storage class"),
    archiveAfterDays: days
      .optional()
      .describe("Move to the archive storage class this many days after the push"),
    archiveAfterDaysUnpulled: days
      .optional()
      .describe("Move to the archive storage class this many days after the last pull"),
    expireAfterDaysInArchive: days
      .min(minimumDaysInArchive, {
        error: `is less than the ${minimumDaysInArchive} days that ECR keeps an archived image`,
      })
      .optional()
      .describe("Expire archived images this many days (90 or more) after they were archived"),
    description: z.string().max(160).optional(),
  })
  .refine((rule) => actionNames.filter((name) => rule[name] !== undefined).length === 1, {
    error: `needs exactly one of ${actionNames.join(", ")}`,
  });

export const retentionPresets = ["releases", "development", "newest", "environments"] as const;

/** Retention of images: a preset, or rules in order of precedence. */
export const retentionSchema = z.union([
  z.strictObject({ preset: z.enum(retentionPresets) }),
  z.strictObject({ rules: z.array(retentionRuleSchema).min(1).superRefine(refuseWhatEcrRefuses) }),
]);

export type RetentionRule = z.output<typeof retentionRuleSchema>;
export type Retention = z.output<typeof retentionSchema>;
export type RetentionPreset = (typeof retentionPresets)[number];

/** The part of a rule that one rule of ECR can express: one prefix or pattern of several. */
export interface SingleSelection {
  readonly kind: "untagged" | "any" | "prefix" | "pattern";
  /** The prefix or pattern; empty for the other kinds. */
  readonly tag: string;
  /** Where it is in the description: `0.images.prefixes.1`. */
  readonly path: readonly (string | number)[];
}

/** A rule's selections, one for each alternative. */
export function selectionsOf(rule: RetentionRule, index: number): SingleSelection[] {
  const { images } = rule;
  if (images === "untagged" || images === "any") return [{ kind: images, tag: "", path: [index, "images"] }];
  if ("prefixes" in images) {
    return images.prefixes.map((tag, at) => ({
      kind: "prefix",
      tag,
      path: [index, "images", "prefixes", at],
    }));
  }
  return images.patterns.map((tag, at) => ({
    kind: "pattern",
    tag,
    path: [index, "images", "patterns", at],
  }));
}

/**
 * What a rule that counts images of any kind becomes for ECR, which counts manifests: release records and
 * other artifacts among them, of which each release pushes some. So images are counted by tags. First those
 * with the tag of their source, which are Slipway's and nothing else; then whatever else has a tag; and the
 * rule for `any` is left with what has none. A rule for tags that is written before takes the place of one.
 */
export function selectionsOfAny(
  index: number,
  before: readonly Pick<SingleSelection, "kind" | "tag">[],
): SingleSelection[] {
  const own = [
    { kind: "prefix", tag: sourceTagPrefix, path: [index, "images"] },
    { kind: "pattern", tag: "*", path: [index, "images"] },
  ] as const;
  return own.filter((selection) => !before.some((other) => isCovered(other, selection)));
}

/** Whether a rule counts images instead of checking their age. */
export function isCounting({ keepLast, archiveAllButLast }: RetentionRule): boolean {
  return keepLast !== undefined || archiveAllButLast !== undefined;
}

/** Storage class that a rule looks at: only what has been archived can be expired by its time there. */
export function storageClassOf(rule: RetentionRule): "standard" | "archive" {
  return rule.expireAfterDaysInArchive === undefined ? "standard" : "archive";
}

/**
 * What is wrong between rules: each alternative is a rule for ECR; of those that look at one storage
 * class, one may be for untagged images, one for any, and none may be for a prefix that another is for.
 */
function refuseWhatEcrRefuses(rules: readonly RetentionRule[], context: z.RefinementCtx): void {
  const all = rules.flatMap((rule, index) =>
    selectionsOf(rule, index).map((selection) => ({ ...selection, storageClass: storageClassOf(rule) })),
  );
  const refuse = (path: readonly (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path: [...path], message });
  const ofAny = rules.flatMap((rule, index) =>
    rule.images === "any" && isCounting(rule) ? selectionsOfAny(index, standardOf(all)) : [],
  );
  const own = keepTagPrefixes.length + ofAny.length;
  if (all.length + own > maximumRules) {
    refuse(
      [],
      `makes ${all.length} rules, one for each prefix or pattern, plus ${own} of Slipway's own; ECR allows ${maximumRules}`,
    );
  }
  for (const [index, selection] of all.entries()) {
    const before = all.slice(0, index).filter((other) => other.storageClass === selection.storageClass);
    if (before.some((other) => other.kind === selection.kind && other.tag === selection.tag)) {
      refuse(selection.path, `is already selected by an earlier rule, and ECR allows only one`);
      continue;
    }
    if (selection.kind !== "prefix" && selection.kind !== "pattern") continue;
    if (
      selection.storageClass === "standard" &&
      keepTagPrefixes.some((prefix) => covers(`${prefix}*`, selection))
    ) {
      refuse(selection.path, "is a tag that protects its image from every rule");
      continue;
    }
    const shadow = before.find((other) => isCovered(other, selection));
    if (shadow !== undefined) {
      refuse(
        selection.path,
        `never acts: "${shadow.tag}" already selects everything that it selects, and ECR applies only the first rule; put the narrower rule first`,
      );
    }
  }
}

function standardOf<T extends { readonly storageClass: string }>(all: readonly T[]): T[] {
  return all.filter(({ storageClass }) => storageClass === "standard");
}

type Tagged = Pick<SingleSelection, "kind" | "tag">;

/** Whether all that a selection by tags selects is selected by another one. */
function isCovered(other: Tagged, selection: Tagged): boolean {
  return (other.kind === "prefix" || other.kind === "pattern") && covers(asPattern(other), selection);
}

/** Whether a selection by tags can select an image with a tag that begins with a text. */
export function canSelect(selection: Tagged, beginning: string): boolean {
  if (selection.kind !== "prefix" && selection.kind !== "pattern") return false;
  return meet(asPattern(selection), `${beginning}*`);
}

/** Whether there is a tag that both patterns match; `*` stands for any text. */
export function meet(one: string, other: string): boolean {
  if (one === "" || other === "") return one.replaceAll("*", "") === "" && other.replaceAll("*", "") === "";
  if (one[0] === "*") return meet(one.slice(1), other) || meet(one, other.slice(1));
  if (other[0] === "*") return meet(one, other.slice(1)) || meet(one.slice(1), other);
  return one[0] === other[0] && meet(one.slice(1), other.slice(1));
}

function asPattern(selection: Pick<SingleSelection, "kind" | "tag">): string {
  return selection.kind === "prefix" ? `${selection.tag}*` : selection.tag;
}

/**
 * Whether the pattern matches all that the selection does. Its text taken literally is enough: a `*`
 * in it is then a character that only a `*` of the pattern can stand for.
 */
function covers(pattern: string, selection: Pick<SingleSelection, "kind" | "tag">): boolean {
  const expression = pattern
    .split("*")
    .map((text) => text.replaceAll(/[.\\-]/g, "\\$&"))
    .join(".*");
  return new RegExp(`^${expression}$`).test(asPattern(selection));
}
