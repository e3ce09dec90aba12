import type { CleanupImage } from "../../../lifecycle/cleanup/model.ts";
import type { MadePlan } from "./plan.ts";
import type { CleanupPlanDocument } from "./plan-file.ts";

export type Removal = CleanupPlanDocument["removals"][number];
export type Named = Pick<Removal, "repository" | "digest" | "tags" | "kind">;
/** What ECR refused to delete, by its own code. */
export type Failed = Named & { readonly code: string; readonly message: string };
/** What was left alone, since it is no longer as the plan says. */
export type Skipped = Named & { readonly reason: string };

/** What a run has done so far. */
export interface Run {
  readonly images: ReadonlyMap<string, ReadonlyMap<string, CleanupImage>>;
  readonly deleted: Removal[];
  readonly repositories: string[];
  readonly failed: Failed[];
  readonly skipped: Skipped[];
  /** Each removal that needs nothing more: deleted or gone, or not to be deleted. */
  readonly ended: Map<string, "gone" | "stays">;
  readonly plan: CleanupPlanDocument;
}

/** Names a removal in a run. */
export const keyOf = ({ repository, digest }: Pick<Removal, "repository" | "digest">) =>
  `${repository}@${digest}`;

/** A run, with what of the plan is gone by now, and what would no longer be planned. */
export function openRun(plan: CleanupPlanDocument, { plan: fresh, read }: MadePlan): Run {
  const images = new Map(
    read.repositories.map(({ repository, images }) => [
      repository,
      new Map(images.map((image) => [image.digest, image])),
    ]),
  );
  const run: Run = {
    images,
    deleted: [],
    repositories: [],
    failed: [],
    skipped: [],
    ended: new Map(),
    plan,
  };
  const going = new Set(
    fresh.removals.map(({ repository, image }) => keyOf({ repository, digest: image.digest })),
  );
  const reasons = new Map(
    fresh.kept.map(({ repository, image, reason }) => [keyOf({ repository, digest: image.digest }), reason]),
  );
  for (const removal of plan.removals) {
    const key = keyOf(removal);
    const image = images.get(removal.repository)?.get(removal.digest);
    if (image === undefined) run.ended.set(key, "gone");
    else if (!going.has(key)) skip(run, removal, reasons.get(key) ?? "it is no longer what the plan says");
    else if (!isSame(image.tags, removal.tags)) skip(run, removal, tagsChanged(image.tags));
  }
  return run;
}

/** Whether two lists have the same members. */
export function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** Why an image whose tags have changed stays. */
export function tagsChanged(tags: readonly string[]): string {
  return `its tags have changed: ${tags.length === 0 ? "it has none now" : tags.join(", ")}`;
}

/** Leaves an image alone. */
export function skip(run: Run, removal: Removal, reason: string): void {
  run.ended.set(keyOf(removal), "stays");
  run.skipped.push({ ...nameOf(removal), reason });
}

/** Notes what could not be deleted. */
export function fail(run: Run, removal: Removal, code: string, message: string): void {
  run.ended.set(keyOf(removal), "stays");
  run.failed.push({ ...nameOf(removal), code, message });
}

/** What a document says of a removal. */
export function nameOf({ repository, digest, tags, kind }: Removal): Named {
  return { repository, digest, tags, kind };
}
