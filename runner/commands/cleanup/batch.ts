import chunk from "es-toolkit/compat/chunk";
import { digestOf } from "../../registry/blob.ts";
import { listDetails, readManifests } from "../../registry/contents.ts";
import {
  deleteEmptyRepository,
  deleteImages,
  describeRepository,
  imagesInCall,
  readStoredManifests,
} from "../../registry/removal/removal.ts";
import type { Session } from "../../session/session.ts";
import { fail, isSame, keyOf, type Removal, type Run, skip, tagsChanged } from "./run.ts";
import type { UndoImage, UndoWriter } from "./undo-record.ts";

/** Removals of one wave and repository, a hundred at a time; a wave begins when the ones before are over. */
export function batchesOf(removals: readonly Removal[]): readonly (readonly Removal[])[] {
  const waves = Map.groupBy(removals, ({ wave }) => wave);
  return [...waves]
    .toSorted(([one], [other]) => one - other)
    .flatMap(([, wave]) =>
      [...Map.groupBy(wave, ({ repository }) => repository).values()].flatMap((some) =>
        chunk(some, imagesInCall),
      ),
    );
}

/** Deletes what of a batch is still as the plan says, once it is in the record. */
export async function deleteBatch(
  session: Session,
  run: Run,
  batch: readonly Removal[],
  record: UndoWriter,
): Promise<void> {
  const { clients, signal } = session;
  const [{ repository } = { repository: "" }] = batch;
  for (const removal of batch) {
    const first = removal.after.find((digest) => run.ended.get(`${repository}@${digest}`) === "stays");
    if (first !== undefined && !run.ended.has(keyOf(removal))) skip(run, removal, `${first} is still there`);
  }
  const waiting = await lookAgain(
    session,
    run,
    repository,
    batch.filter((one) => !run.ended.has(keyOf(one))),
  );
  if (waiting.length === 0) return;
  const digests = waiting.map(({ digest }) => digest);
  const manifests = await readStoredManifests(clients, repository, digests, signal);
  const ready: Removal[] = [];
  const lines: UndoImage[] = [];
  for (const removal of waiting) {
    const stored = manifests.get(removal.digest);
    if (stored === undefined || digestOf(stored.text) !== removal.digest) {
      fail(
        run,
        removal,
        "ManifestUnreadable",
        "its manifest can't be read, so that nothing could bring it back",
      );
      continue;
    }
    ready.push(removal);
    lines.push(undoImage(run, removal, stored.mediaType, stored.text));
  }
  if (ready.length === 0) return;
  await record.images(lines);
  const refused = await deleteImages(
    clients,
    repository,
    ready.map(({ digest }) => digest),
  );
  for (const removal of ready) {
    const refusal = refused.get(removal.digest);
    if (refusal !== undefined) fail(run, removal, refusal.code, refusal.message);
    else {
      run.ended.set(keyOf(removal), "gone");
      run.deleted.push(removal);
    }
  }
}

/**
 * The removals that are still as they were: with the same tags, and with nothing pushed since that lists them or is
 * attached to them. A call for a thousand images of the repository.
 */
async function lookAgain(
  { clients, signal }: Session,
  run: Run,
  repository: string,
  removals: readonly Removal[],
): Promise<readonly Removal[]> {
  if (removals.length === 0) return [];
  const details = (await listDetails(clients, repository, signal, { imageStatus: "ANY" })) ?? [];
  const tags = new Map(details.map(({ imageDigest = "", imageTags = [] }) => [imageDigest, imageTags]));
  const known = run.images.get(repository);
  const pushed = [...tags.keys()].filter((digest) => known?.has(digest) !== true);
  const contents = await readManifests(clients, repository, pushed, signal);
  const needed = new Map<string, string>();
  for (const digest of pushed) {
    const content = contents.get(digest);
    if (content?.kind === "index") for (const child of content.children) needed.set(child.digest, digest);
    else if (content?.kind === "manifest" && content.subject !== undefined)
      needed.set(content.subject, digest);
  }
  return removals.filter((removal) => {
    const now = tags.get(removal.digest);
    const by = needed.get(removal.digest);
    if (now === undefined) run.ended.set(keyOf(removal), "gone");
    else if (!isSame(now, removal.tags)) skip(run, removal, tagsChanged(now));
    else if (by !== undefined) skip(run, removal, `${by}, pushed since, refers to it`);
    else return true;
    return false;
  });
}

function undoImage(run: Run, removal: Removal, mediaType: string | undefined, manifest: string): UndoImage {
  const { repository, digest, tags, pushedAt } = removal;
  const images = run.images.get(repository);
  const image = images?.get(digest);
  const referrers = [...(images?.values() ?? [])].flatMap((one) =>
    one.subject === digest ? [one.digest] : [],
  );
  return {
    repository,
    digest,
    tags,
    ...(mediaType !== undefined && { mediaType }),
    pushedAt,
    children: [...(image?.children ?? [])],
    ...(image?.subject !== undefined && { subject: image.subject }),
    referrers,
    manifest,
  };
}

/** Deletes the repository of a removed service, if all that the plan says of it is gone. */
export async function deleteRepository(
  { clients, signal }: Session,
  run: Run,
  repository: string,
  record: UndoWriter,
): Promise<void> {
  const removal = { repository, digest: "", tags: [] as string[], kind: "repositories" as const };
  if (
    run.plan.removals.some((one) => one.repository === repository && run.ended.get(keyOf(one)) !== "gone")
  ) {
    run.skipped.push({ ...removal, reason: "some of its images are still there" });
    return;
  }
  const settings = await describeRepository(clients, repository, signal);
  if (settings !== undefined) await record.repository(repository, settings);
  const refusal = await deleteEmptyRepository(clients, repository);
  if (refusal === undefined) run.repositories.push(repository);
  else run.failed.push({ ...removal, ...refusal });
}
