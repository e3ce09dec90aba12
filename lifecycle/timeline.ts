import type { StoredImage } from "./image.ts";
import type { LifecyclePolicy, LifecycleRule } from "./policy.ts";
import { type Prepared, type PreparedImage, prepare } from "./prepare.ts";
import type { Reading } from "./reading.ts";
import { dueAt, initialState, runPolicy, type State } from "./run.ts";

/** What will happen to an image. */
export interface Fate {
  readonly action: "expire" | "archive";
  /** From when on; ECR acts within 24 hours. */
  readonly at: Date;
  /** Priority of the rule. */
  readonly priority: number;
  /** `subject`: an artifact that goes with what it is attached to. */
  readonly cause: "rule" | "subject";
}

const day = 86_400_000;

/**
 * What a policy does to each image from now on, if nothing is pushed, pulled, tagged or restored: at most two
 * fates, into the archive and out of it. An image that stays has no entry. The policy runs once a day.
 *
 * @param until the last instant to look at; default: until nothing happens any more
 */
export function timelineOf(
  policy: LifecyclePolicy,
  images: readonly StoredImage[],
  { now, until, reading }: { readonly now: Date; readonly until?: Date; readonly reading: Reading },
): ReadonlyMap<string, readonly Fate[]> {
  return timelineOfPrepared(prepare(policy, images), { now, reading, ...(until && { until }) });
}

/** `timelineOf` for a policy and a repository that several readings share. */
export function timelineOfPrepared(
  prepared: Prepared,
  { now, until, reading }: { readonly now: Date; readonly until?: Date; readonly reading: Reading },
): ReadonlyMap<string, readonly Fate[]> {
  const state = initialState(prepared);
  const fates = new Map<string, readonly Fate[]>();
  const last = until?.getTime() ?? Number.POSITIVE_INFINITY;
  let before = Number.NEGATIVE_INFINITY;
  for (let time = now.getTime(); time <= last; ) {
    const { acts } = runPolicy(prepared, state, time, reading);
    for (const [position, { action, rule, due, cause }] of acts) {
      const { image } = prepared.images[position] as PreparedImage;
      const at = new Date(due !== undefined && due > before ? Math.max(due, now.getTime()) : time);
      const fate = { action, at, priority: prepared.rules[rule]?.rulePriority ?? 0, cause };
      const earlier = fates.get(image.digest);
      fates.set(image.digest, earlier === undefined ? [fate] : [...earlier, fate]);
      state.at[position] = action === "expire" ? "gone" : "archive";
      if (action === "archive") state.archivedAt[position] = time;
    }
    const next = Math.min(
      acts.size > 0 ? time + day : Number.POSITIVE_INFINITY,
      nextEvent(prepared, state, time),
    );
    if (next === Number.POSITIVE_INFINITY) break;
    before = time;
    // Once a day, at the hour of the first run.
    time += Math.max(1, Math.ceil((next - time) / day)) * day;
  }
  return fates;
}

/** When the next image comes of age or is pushed, in milliseconds; infinite when none will. */
function nextEvent(prepared: Prepared, state: State, now: number): number {
  const { images, rules } = prepared;
  let next = Number.POSITIVE_INFINITY;
  // As in runPolicy: a plain loop.
  for (let position = 0; position < images.length; position += 1) {
    const image = images[position] as PreparedImage;
    const at = state.at[position];
    if (at === undefined || at === "gone") continue;
    if (image.pushedAt > now) {
      if (image.pushedAt < next) next = image.pushedAt;
      continue;
    }
    const first = image.selectedBy[at][0];
    if (first === undefined) continue;
    const due = dueAt(rules[first] as LifecycleRule, image, state.archivedAt[position]);
    if (due !== undefined && due > now && due < next) next = due;
  }
  return next;
}
