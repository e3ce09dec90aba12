import type { StoredImage } from "./image.ts";
import type { LifecyclePolicy } from "./policy.ts";
import { type Prepared, prepare } from "./prepare.ts";
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
  const prepared = prepare(policy, images);
  const timelines = readingsOf(images).map((reading) => timelineOfPrepared(prepared, { ...times, reading }));
  const touched = new Set(timelines.flatMap((timeline) => [...timeline.keys()]));
  return new Map(
    [...touched].map((digest) => {
      const fates = timelines.map((timeline) => timeline.get(digest) ?? []);
      const expires = spanOf(fates, "expire");
      const archives = spanOf(fates, "archive");
      return [digest, { ...(expires && { expires }), ...(archives && { archives }) }] as const;
    }),
  );
}

function spanOf(fates: readonly (readonly Fate[])[], action: Fate["action"]): Span | undefined {
  const found = fates.flatMap((some) => some.find((fate) => fate.action === action) ?? []);
  const times = found.map(({ at }) => at.getTime());
  if (times.length === 0) return undefined;
  return {
    first: new Date(Math.min(...times)),
    last: times.length < fates.length ? undefined : new Date(Math.max(...times)),
    priorities: [...new Set(found.map(({ priority }) => priority))].toSorted((a, b) => a - b),
  };
}

/** What the next run of a policy does, rule by rule. */
export function rulesOutlook(
  policy: LifecyclePolicy,
  images: readonly StoredImage[],
  now: Date,
): readonly RuleOutlook[] {
  const prepared = prepare(policy, images);
  const counted = readingsOf(images).map((reading) => countRules(prepared, reading, now));
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

/** The readings that can differ for these images: without an index or an artifact, two of them are the same. */
export function readingsOf(images: readonly StoredImage[]): readonly Reading[] {
  const hasChildren = images.some(({ children }) => children.length > 0);
  const hasArtifacts = images.some(({ subject }) => subject !== undefined);
  return readings.filter(
    ({ countsChildren, countsArtifacts }) =>
      (hasChildren || countsChildren) && (hasArtifacts || countsArtifacts),
  );
}
