import { UserError } from "../../../../config/problems/errors.ts";
import type { ManifestPlace } from "../../../../config/targets/gitops/target.ts";
import { ChangedSincePlan } from "../../changed-since-plan.ts";
import { referenceOf, type WrittenImage } from "../edit/change.ts";
import { type ChangedLine, editImage } from "../edit/edit.ts";
import { decodeManifest } from "../edit/manifest.ts";
import { restoreLines } from "../edit/restore.ts";
import type { Clone } from "./clone.ts";
import { readStored, type StoredFile } from "./tree.ts";

/** One place that is to name another image. */
export interface PlaceToWrite {
  readonly place: ManifestPlace;
  readonly image: WrittenImage;
  /** Reference that the place may name now, beside the image itself; anything else is somebody else's. */
  readonly expected: string | undefined;
  /** Set to take an edit back: the place then has to name the image, and gets what it named before. */
  readonly restore?: Restored;
}

/** What a place named before an edit. */
export interface Restored {
  readonly reference: string | undefined;
  /** The lines of the edit. */
  readonly lines: readonly ChangedLine[];
  /** The image, where the reference has a digest. */
  readonly image: WrittenImage | undefined;
}

/** The places of one target, which are written together or not at all. */
export interface TargetToWrite {
  readonly title: string;
  readonly service: string;
  readonly places: readonly PlaceToWrite[];
  /** The commit of the image's source, for the message. */
  readonly revision: string | undefined;
}

/** What is written with one commit. */
export interface WriteRequest {
  readonly targets: readonly TargetToWrite[];
  readonly stack: string | undefined;
  readonly why: "deploy" | "put back";
}

export type EditResult =
  | { readonly kind: "done"; readonly changed: boolean }
  | { readonly kind: "failed"; readonly error: unknown };

/** All targets' edits on one commit: each target's own all or none. */
export async function editAll(
  clone: Clone,
  tip: string,
  targets: readonly TargetToWrite[],
): Promise<{ readonly files: ReadonlyMap<string, StoredFile>; readonly results: readonly EditResult[] }> {
  const originals = new Map<string, Promise<StoredFile>>();
  const read = (path: string) => {
    const file = originals.get(path) ?? readStored(clone, tip, path);
    originals.set(path, file);
    return file;
  };
  const edited = new Map<string, StoredFile>();
  const results: EditResult[] = [];
  for (const target of targets) {
    try {
      const own = await editTarget(target, async (path) => {
        const file = await read(path);
        return edited.get(file.path) ?? file;
      });
      for (const file of own) edited.set(file.path, file);
      results.push({ kind: "done", changed: own.length > 0 });
    } catch (error) {
      if (!(error instanceof UserError || error instanceof ChangedSincePlan)) throw error;
      results.push({ kind: "failed", error });
    }
  }
  return { files: edited, results };
}

async function editTarget(
  { title, places }: TargetToWrite,
  read: (path: string) => Promise<StoredFile>,
): Promise<readonly StoredFile[]> {
  const own = new Map<string, StoredFile>();
  for (const { place, image, expected, restore } of places) {
    const stored = await read(place.path);
    const file = own.get(stored.path) ?? stored;
    const text = decodeManifest(file.bytes, place.path);
    const edited =
      restore === undefined ? setImage(text, place, image, expected) : takeBack(text, place, image, restore);
    if (edited === undefined) throw new ChangedSincePlan(title);
    if (edited !== text) own.set(file.path, { ...file, bytes: Buffer.from(edited, "utf8") });
  }
  return [...own.values()];
}

/** The text with the image; undefined when the place names what nobody expects. */
function setImage(text: string, place: ManifestPlace, image: WrittenImage, expected: string | undefined) {
  const edited = editImage(text, place, image);
  return edited.lines.length > 0 && edited.before !== expected ? undefined : edited.text;
}

/** The text with what the place named before an edit; undefined when somebody else has changed it since. */
function takeBack(
  text: string,
  place: ManifestPlace,
  image: WrittenImage,
  { reference, lines, image: before }: Restored,
): string | undefined {
  const now = referenceIn(text, place, image);
  if (now === reference) return text;
  if (now !== referenceOf(image)) return undefined;
  const restored = restoreLines(text, lines);
  if (restored !== undefined && referenceIn(restored, place, image) === reference) return restored;
  return before === undefined ? undefined : editImage(text, place, before).text;
}

/** What a place names; undefined when it names nothing that can be read. */
function referenceIn(text: string, place: ManifestPlace, image: WrittenImage): string | undefined {
  try {
    return editImage(text, place, image).before;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The targets that the edits change. */
export function changedOf(
  targets: readonly TargetToWrite[],
  results: readonly EditResult[],
): readonly TargetToWrite[] {
  return targets.filter((_, index) => {
    const result = results[index];
    return result?.kind === "done" && result.changed;
  });
}

/** What the message of a commit says of a target. */
export function committed({ service, places, revision }: TargetToWrite) {
  const [place] = places;
  if (place === undefined) throw new Error(`${service} has no place to write`);
  const { image, restore } = place;
  if (restore === undefined)
    return { service, reference: referenceOf(image), digest: image.digest, revision };
  // What is put back is the image of before, and not the one that is taken away.
  return { service, reference: restore.reference, digest: restore.image?.digest, revision };
}
