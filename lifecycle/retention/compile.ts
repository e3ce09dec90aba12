import { referrersTags, releaseTag } from "../../config/names.ts";
import {
  canSelect,
  isCounting,
  keepTagPrefixes,
  type Retention,
  type RetentionRule,
  type SingleSelection,
  selectionsOf,
  selectionsOfAny,
  storageClassOf,
} from "../../config/stack/retention.ts";
import type { LifecycleAction, LifecyclePolicy, LifecycleRule, LifecycleSelection } from "../policy.ts";
import { presets } from "./presets.ts";

/** Above any number of images that a repository can have in use, so that a keep rule expires nothing. */
const moreThanAnyone = 9999;

/** The most characters in a description. */
const maximumDescription = 256;

/**
 * Manifests under a tag that are no images: the newest release records of some stacks
 * (`inuse-releases.<stack>`), and what the tags of removed targets are on.
 */
const taggedRecords = 4;

/**
 * What else Slipway pushes for an image: what it was built from, and a record and its head of some releases.
 */
const artifactsPerImage = 1 + 2 * 4;

/**
 * Compiles a retention description to an ECR lifecycle policy. Succeeds for every input that
 * `retentionSchema` accepts.
 *
 * - Each prefix and pattern becomes a rule of its own: in one rule they would mean AND.
 * - Rules keep their order; those for any image come last, as ECR wants it.
 * - The keep-tags (`inuse-…`, `lastgood-…`) come first: an image that a rule selects by tag is out of
 *   reach of every later rule, whether the first one acts on it or not.
 * - ECR counts manifests, and a release pushes several that are no images. So `any` counts by tags
 *   (`selectionsOfAny`), and its own rule takes what has none. Whether ECR counts artifacts with a subject,
 *   and the platforms of an index, makes no difference to an image with a tag.
 *
 * @param manifestsPerImage the index and its platforms: 3 for two platforms
 */
export function compileRetention(retention: Retention, manifestsPerImage: number): LifecyclePolicy {
  const written = "preset" in retention ? presets[retention.preset] : retention.rules;
  const singles = written.flatMap((rule, index) =>
    selectionsOf(rule, index).map((single) => ({ rule, single })),
  );
  const byTags = singles.filter(({ single }) => single.kind !== "any");
  const standard = byTags.filter(({ rule }) => storageClassOf(rule) === "standard");
  const any = singles
    .filter(({ single }) => single.kind === "any")
    .map(({ rule, single }, index) => ({
      rule,
      single,
      images: isCounting(rule)
        ? selectionsOfAny(
            index,
            standard.map((one) => one.single),
          )
        : [],
    }));
  const ordered = [
    ...byTags,
    ...any.flatMap(({ rule, images }) => images.map((single) => ({ rule, single }))),
    ...any,
  ];
  const rules = [
    ...keepTagPrefixes.map(keepRule),
    ...ordered.map(({ rule, single }) => compileRule(rule, single, manifestsPerImage)),
  ];
  return { rules: rules.map((rule, index) => ({ rulePriority: index + 1, ...rule })) };
}

/**
 * The number of manifests that a rule must keep, so that this many images stay.
 *
 * Tags of Slipway's own are on manifests that are no images: a rule that can select them counts them. A
 * registry without the referrers API has a list of referrers under a tag for each image.
 */
function manifestsFor(images: number, single: SingleSelection, manifestsPerImage: number): number {
  switch (single.kind) {
    case "any":
      return images * (manifestsPerImage + artifactsPerImage);
    case "untagged":
      return images;
    case "prefix":
    case "pattern": {
      const lists = canSelect(single, referrersTags.replace("*", "")) ? 2 : 1;
      return images * lists + (canSelect(single, releaseTag("")) ? taggedRecords : 0);
    }
  }
}

type RuleWithoutPriority = Omit<LifecycleRule, "rulePriority">;

function keepRule(prefix: string): RuleWithoutPriority {
  return {
    description: `Protect ${prefix}*: images in use, or needed for a rollback`,
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
  const { count, action, sentence } = compileAction(rule, nameOf(single), (images) =>
    manifestsFor(images, single, manifestsPerImage),
  );
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

function compileAction(rule: RetentionRule, name: string, manifests: (images: number) => number) {
  const newest = (images: number) =>
    manifests(images) === images ? `newest ${images}` : `newest ${images} (${manifests(images)} manifests)`;
  const counted = (images: number) =>
    ({ countType: "imageCountMoreThan", countNumber: manifests(images) }) as const;
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
