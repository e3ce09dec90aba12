import type { LifecycleRule } from "./policy.ts";
import type { Prepared, PreparedImage } from "./prepare.ts";
import type { Reading } from "./reading.ts";

/** Where the images of a repository are, by position. */
export interface State {
  readonly at: ("standard" | "archive" | "gone")[];
  /** Milliseconds of the move to the archive. */
  readonly archivedAt: (number | undefined)[];
}

/** What a run does to one image. */
export interface Act {
  readonly action: "expire" | "archive";
  /** Position of the rule that takes it. */
  readonly rule: number;
  /** Milliseconds since when the rule could act on it; undefined for a rule that counts. */
  readonly due: number | undefined;
  /** `subject`: an artifact that goes with what it is attached to. */
  readonly cause: "rule" | "subject";
}

export interface RuleRun {
  /** Positions of the images that the rule counts, newest first. */
  readonly selected: readonly number[];
  /** Those of them that no rule of higher priority selects. */
  readonly claimed: readonly number[];
  /** Those of them that the rule would act on; what an index holds is among them. */
  readonly marked: readonly number[];
}

export interface Run {
  readonly rules: readonly RuleRun[];
  /** By position. */
  readonly acts: ReadonlyMap<number, Act>;
}

const day = 86_400_000;

export function initialState({ images }: Prepared): State {
  return {
    at: images.map(({ image }) => (image.archivedAt === undefined ? "standard" : "archive")),
    archivedAt: images.map(({ image }) => image.archivedAt?.getTime()),
  };
}

/** Whether an image is in the repository at an instant: a forecast has images that are still to be pushed. */
export function isThere({ images }: Prepared, { at }: State, position: number, now: number): boolean {
  return at[position] !== "gone" && (images[position]?.pushedAt ?? 0) <= now;
}

/**
 * One run of a policy, by the evaluation rules of ECR's user guide:
 *
 * - "The lifecycle policy evaluator goes through all of the rules and marks the images that each rule affects",
 *   then "applies the rules, based on rule priority".
 * - "An image is expired or archived by exactly one or zero rules."
 * - "An image that matches the tagging requirements of a rule cannot be expired or archived by a rule with a
 *   lower priority."
 * - "Rules can never mark images that are marked by higher priority rules, but can still identify them as if they
 *   haven't been expired or archived" (see `Reading.countsClaimed`).
 * - "If an image is referenced by a manifest list, it can't be expired or archived without the manifest list
 *   being deleted or archived first."
 * - `imageCountMoreThan`: "images are sorted from youngest to oldest […] and then all images greater than the
 *   specified count are expired".
 *
 * An artifact goes with its subject: ECR deletes it within 24 hours.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/images-ref-artifacts.html
 *
 * @param now milliseconds
 */
export function runPolicy(prepared: Prepared, state: State, now: number, reading: Reading): Run {
  const { rules, images } = prepared;
  const { countsArtifacts, countsChildren, countsClaimed } = reading;
  const runs = rules.map(() => ({ selected: [] as number[], claimed: [] as number[] }));
  // Thousands of repositories are looked at, each many times: a plain loop takes a third of the time.
  for (let position = 0; position < images.length; position += 1) {
    const image = images[position] as PreparedImage;
    const at = state.at[position];
    if (at === undefined || at === "gone" || image.pushedAt > now) continue;
    if (!countsArtifacts && image.subject !== undefined && state.at[image.subject] !== "gone") continue;
    if (!countsChildren && image.parents.some((parent) => state.at[parent] !== "gone")) continue;
    const selectedBy = image.selectedBy[at];
    const first = selectedBy[0];
    if (first === undefined) continue;
    runs[first]?.claimed.push(position);
    if (!countsClaimed) runs[first]?.selected.push(position);
    else for (const rule of selectedBy) runs[rule]?.selected.push(position);
  }
  const acts = new Map<number, Act>();
  const marking = runs.map(({ selected, claimed }, position): RuleRun => {
    const rule = rules[position] as LifecycleRule;
    const isMine = (one: number) => {
      const at = state.at[one];
      return at !== undefined && at !== "gone" && images[one]?.selectedBy[at][0] === position;
    };
    const marked = markedOf(rule, selected, prepared, state, now).filter(isMine);
    const action = rule.action.type === "expire" ? "expire" : "archive";
    for (const one of marked) {
      const due = dueAt(rule, images[one] as PreparedImage, state.archivedAt[one]);
      acts.set(one, { action, rule: position, due, cause: "rule" });
    }
    return { selected, claimed, marked };
  });
  spareHeld(prepared, state, acts);
  addAttached(prepared, state, acts, now);
  return { rules: marking, acts };
}

function markedOf(
  rule: LifecycleRule,
  selected: readonly number[],
  { images }: Prepared,
  { archivedAt }: State,
  now: number,
): readonly number[] {
  if (rule.selection.countType === "imageCountMoreThan") return selected.slice(rule.selection.countNumber);
  return selected.filter((position) => {
    const due = dueAt(rule, images[position] as PreparedImage, archivedAt[position]);
    return due !== undefined && due <= now;
  });
}

/**
 * The instant from which a rule acts on an image by its age, in milliseconds; undefined for a rule that counts.
 *
 * "If an image was never pulled, the image's pushed_at_time is used instead of the last_recorded_pulltime."
 */
export function dueAt(
  { selection }: LifecycleRule,
  { image, orderedBy }: PreparedImage,
  archivedAt: number | undefined,
): number | undefined {
  const days = selection.countNumber * day;
  switch (selection.countType) {
    case "imageCountMoreThan":
      return undefined;
    case "sinceImagePushed":
      return orderedBy + days;
    case "sinceImagePulled":
      return Math.max(image.pulledAt?.getTime() ?? orderedBy, image.activatedAt?.getTime() ?? 0) + days;
    case "sinceImageTransitioned":
      return archivedAt === undefined ? undefined : archivedAt + days;
  }
}

/** Takes back the acts on manifests whose index stays where it is. */
function spareHeld({ images }: Prepared, { at }: State, acts: Map<number, Act>): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const position of [...acts.keys()]) {
      const parents = images[position]?.parents;
      if (parents?.some((parent) => at[parent] === "standard" && !acts.has(parent))) {
        acts.delete(position);
        changed = true;
      }
    }
  }
}

/** Adds the artifacts of what expires, and those whose subject has gone before. */
function addAttached(prepared: Prepared, state: State, acts: Map<number, Act>, now: number): void {
  for (let changed = prepared.attached.length > 0; changed; ) {
    changed = false;
    for (const position of prepared.attached) {
      const subject = prepared.images[position]?.subject;
      if (subject === undefined || !isThere(prepared, state, position, now)) continue;
      if (acts.get(position)?.action === "expire") continue;
      const act = acts.get(subject);
      if (state.at[subject] !== "gone" && act?.action !== "expire") continue;
      acts.set(position, { action: "expire", rule: act?.rule ?? 0, due: undefined, cause: "subject" });
      changed = true;
    }
  }
}
