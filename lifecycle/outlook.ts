import type { StoredImage } from "./image.ts";
import type { LifecyclePolicy } from "./policy.ts";
import { type Prepared, type PreparedImage, prepare } from "./prepare.ts";
import { type Reading, readings } from "./reading.ts";
import { initialState, runPolicy } from "./run.ts";
import { type Fate, timelineOfPrepared } from "./timeline.ts";

/** When something happens to an image, over all readings of the rules. */
export interface Span {
  /** By the reading that takes it first. */
  readonly first: Date;
  /** By the reading that takes it last; undefined when one of them keeps it. */
  readonly last: Date | undefined;
  /** Priorities of the rules that take it, ascending. */
  readonly priorities: readonly number[];
}

/** What will happen to an image; neither member when it stays by every reading. */
export interface Outlook {
  readonly expires?: Span;
  readonly archives?: Span;
}

/** How many of the images that a rule decides about stay after the next run. */
export interface RuleOutlook {
  readonly priority: number;
  /** Manifests whose tags the rule selects and no rule before it; the fewest and the most by all readings. */
  readonly decides: Range;
  readonly takes: Range;
  readonly keeps: Range;
}

export interface Range {
  readonly least: number;
  readonly most: number;
}

interface Times {
  readonly now: Date;
  /** Default: until nothing happens any more. */
  readonly until?: Date;
}

/**
 * What a policy will do to each image of a repository, if nothing else is pushed, by every reading of ECR's rules.
 * An image that stays by all of them has no entry.
 */
export function outlookOf(
  policy: LifecyclePolicy,
  images: readonly StoredImage[],
  times: Times,
): ReadonlyMap<string, Outlook> {
  return outlookOfPrepared(prepare(policy, images), times);
}

/** `outlookOf` for a policy and a repository that are looked at in several ways. */
export function outlookOfPrepared(prepared: Prepared, times: Times): ReadonlyMap<string, Outlook> {
  const timelines = readingsOf(prepared).map((reading) =>
    timelineOfPrepared(prepared, { ...times, reading }),
  );
  const outlook = new Map<string, Outlook>();
  for (const timeline of timelines) {
    for (const digest of timeline.keys()) {
      if (outlook.has(digest)) continue;
      const fates = timelines.map((one) => one.get(digest) ?? nothing);
      const expires = spanOf(fates, "expire");
      const archives = spanOf(fates, "archive");
      outlook.set(digest, { ...(expires && { expires }), ...(archives && { archives }) });
    }
  }
  return outlook;
}

const nothing: readonly Fate[] = [];

function spanOf(fates: readonly (readonly Fate[])[], action: Fate["action"]): Span | undefined {
  // Of each image that goes, so in plain loops, as in runPolicy.
  let first: Date | undefined;
  let last: Date | undefined;
  let count = 0;
  const priorities: number[] = [];
  for (const some of fates) {
    const fate = some.find((one) => one.action === action);
    if (fate === undefined) continue;
    count += 1;
    if (first === undefined || fate.at < first) first = fate.at;
    if (last === undefined || fate.at > last) last = fate.at;
    if (!priorities.includes(fate.priority)) priorities.push(fate.priority);
  }
  if (first === undefined) return undefined;
  return {
    first,
    last: count < fates.length ? undefined : last,
    priorities: priorities.sort((a, b) => a - b),
  };
}

/** What the next run of a policy does, rule by rule. */
export function rulesOutlook(prepared: Prepared, now: Date): readonly RuleOutlook[] {
  const counted = readingsOf(prepared).map((reading) => countRules(prepared, reading, now));
  return prepared.rules.map(({ rulePriority }, position) => {
    const of = (name: "decides" | "takes" | "keeps") => {
      const values = counted.map((rules) => rules[position]?.[name] ?? 0);
      return { least: Math.min(...values), most: Math.max(...values) };
    };
    return { priority: rulePriority, decides: of("decides"), takes: of("takes"), keeps: of("keeps") };
  });
}

function countRules(prepared: Prepared, reading: Reading, now: Date) {
  const run = runPolicy(prepared, initialState(prepared), now.getTime(), reading);
  return run.rules.map(({ claimed }, rule) => {
    const takes = claimed.filter((position) => run.acts.get(position)?.rule === rule).length;
    return { decides: claimed.length, takes, keeps: claimed.length - takes };
  });
}

/**
 * The readings that can differ for these images: without an index or an artifact, two of them are the same. Whether a
 * rule counts images that an earlier one selects makes a difference only if there is a rule that counts and such an
 * image: a rule that goes by age acts on each image by itself.
 */
export function readingsOf({ images, rules }: Prepared): readonly Reading[] {
  const hasChildren = images.some(({ image }) => image.children.length > 0);
  const hasArtifacts = images.some(({ image }) => image.subject !== undefined);
  const counting = rules.map(({ selection }) => selection.countType === "imageCountMoreThan");
  const isCountedTwice = ({ selectedBy: { standard, archive } }: PreparedImage) =>
    standard.some((rule, index) => index > 0 && counting[rule]) ||
    archive.some((rule, index) => index > 0 && counting[rule]);
  const hasClaimed = images.some(isCountedTwice);
  return readings.filter(
    ({ countsChildren, countsArtifacts, countsClaimed }) =>
      (hasChildren || countsChildren) && (hasArtifacts || countsArtifacts) && (hasClaimed || countsClaimed),
  );
}
