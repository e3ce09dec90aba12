import {
  keepTagPrefixes,
  type Retention,
  type RetentionRule,
  type SingleSelection,
  selectionsOf,
} from "../../config/stack/retention.ts";
import type { LifecycleAction, LifecyclePolicy, LifecycleRule, LifecycleSelection } from "./policy.ts";
import { presets } from "./presets.ts";

/** Above any number of images that a repository can have in use, so that a keep rule expires nothing. */
const moreThanAnyone = 9999;

/** ECR refuses a longer description. */
const maximumDescription = 256;

/**
 * Compiles a description of retention to ECR's lifecycle policy; total for whatever
 * `retentionSchema` lets through.
 *
 * - Each prefix and pattern becomes a rule of its own: in one rule they would mean AND.
 * - Rules keep their order; those for any image come last, as ECR wants it.
 * - The keep-tags (`inuse-…`, `lastgood-…`) come first: an image that a rule selects by tag is out of
 *   reach of every later rule, whether the first one acts on it or not.
 * - `any` counts manifests, not images: an image is an index and a manifest for each platform, so the
 *   count is multiplied.
 *
 * @param manifestsPerImage the index and its platforms: 3 for two platforms
 */
export function compileRetention(retention: Retention, manifestsPerImage: number): LifecyclePolicy {
  const written = "preset" in retention ? presets[retention.preset] : retention.rules;
  const singles = written.flatMap((rule, index) =>
    selectionsOf(rule, index).map((single) => ({ rule, single })),
  );
  const ordered = [
    ...singles.filter(({ single }) => single.kind !== "any"),
    ...singles.filter(({ single }) => single.kind === "any"),
  ];
  const rules = [
    ...keepTagPrefixes.map(keepRule),
    ...ordered.map(({ rule, single }) => compileRule(rule, single, manifestsPerImage)),
  ];
  return { rules: rules.map((rule, index) => ({ rulePriority: index + 1, ...rule })) };
}

type RuleWithoutPriority = Omit<LifecycleRule, "rulePriority">;

function keepRule(prefix: string): RuleWithoutPriority {
  return {
    description: `Protect ${prefix}*: what runs, or would be rolled back to`,
    selection: {
      tagStatus: "tagged",
      tagPrefixList: [prefix],
      countType: "imageCountMoreThan",
      countNumber: moreThanAnyone,
    },
    action: { type: "expire" },
  };
}

function compileRule(
  rule: RetentionRule,
  single: SingleSelection,
  manifestsPerImage: number,
): RuleWithoutPriority {
  const perImage = single.kind === "any" ? manifestsPerImage : 1;
  const { count, action, sentence } = compileAction(rule, nameOf(single), perImage);
  return {
    description: [sentence, rule.description]
      .filter((text) => text !== undefined)
      .join(": ")
      .slice(0, maximumDescription),
    selection: { ...tagsOf(single), ...count } as LifecycleSelection,
    action,
  };
}

function tagsOf(single: SingleSelection) {
  switch (single.kind) {
    case "untagged":
    case "any":
      return { tagStatus: single.kind };
    case "prefix":
      return { tagStatus: "tagged", tagPrefixList: [single.tag] };
    case "pattern":
      return { tagStatus: "tagged", tagPatternList: [single.tag] };
  }
}

function nameOf(single: SingleSelection): string {
  switch (single.kind) {
    case "untagged":
      return "untagged";
    case "any":
      return "any";
    case "prefix":
      return `${single.tag}*`;
    case "pattern":
      return single.tag;
  }
}

const expire = { type: "expire" } as const satisfies LifecycleAction;
const archive = { type: "transition", targetStorageClass: "archive" } as const satisfies LifecycleAction;

function compileAction(rule: RetentionRule, name: string, perImage: number) {
  const newest = (images: number) =>
    perImage === 1 ? `newest ${images}` : `newest ${images} (${images * perImage} manifests)`;
  const counted = (images: number) =>
    ({ countType: "imageCountMoreThan", countNumber: images * perImage }) as const;
  const aged = (countType: "sinceImagePushed" | "sinceImagePulled", days: number) =>
    ({ countType, countUnit: "days", countNumber: days }) as const;

  if (rule.keepLast !== undefined) {
    return {
      count: counted(rule.keepLast),
      action: expire,
      sentence: `Keep ${name}: ${newest(rule.keepLast)}`,
    };
  }
  if (rule.expireAfterDays !== undefined) {
    return {
      count: aged("sinceImagePushed", rule.expireAfterDays),
      action: expire,
      sentence: `Expire ${name}: ${rule.expireAfterDays} days after the push`,
    };
  }
  if (rule.archiveAllButLast !== undefined) {
    return {
      count: counted(rule.archiveAllButLast),
      action: archive,
      sentence: `Archive ${name}: all but the ${newest(rule.archiveAllButLast)}`,
    };
  }
  if (rule.archiveAfterDays !== undefined) {
    return {
      count: aged("sinceImagePushed", rule.archiveAfterDays),
      action: archive,
      sentence: `Archive ${name}: ${rule.archiveAfterDays} days after the push`,
    };
  }
  if (rule.archiveAfterDaysUnpulled !== undefined) {
    return {
      count: aged("sinceImagePulled", rule.archiveAfterDaysUnpulled),
      action: archive,
      sentence: `Archive ${name}: not pulled for ${rule.archiveAfterDaysUnpulled} days`,
    };
  }
  if (rule.expireAfterDaysInArchive !== undefined) {
    return {
      count: {
        countType: "sinceImageTransitioned",
        storageClass: "archive",
        countUnit: "days",
        countNumber: rule.expireAfterDaysInArchive,
      } as const,
      action: expire,
      sentence: `Expire ${name}: ${rule.expireAfterDaysInArchive} days in the archive`,
    };
  }
  throw new Error("a retention rule without an action passed the schema");
}
