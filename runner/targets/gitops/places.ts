import { sourceTag } from "../../../config/names.ts";
import { type Problem, UserError } from "../../../config/problems/errors.ts";
import type { GitopsTarget, ManifestPlace } from "../../../config/targets/gitops/target.ts";
import type { PlannedImage } from "../../registry/image.ts";
import { parseReference } from "../../registry/reference.ts";
import { referenceOf, type WrittenImage } from "./edit/change.ts";
import { type ChangedLine, editImage } from "./edit/edit.ts";

/** Stands for a digest that is not known yet; nobody's placeholder, as zeros would be. */
const unknownDigest = "sha256:5f8a2a94f5754c30b9a84578b7164d8c5df4885d2fe8a8186a4accee1a570827";
const shownForUnknown = "(after build)";

/** What one place names, and what another image changes there; or why it can't be edited. */
export type PlaceView =
  | {
      readonly place: ManifestPlace;
      readonly before: string | undefined;
      /** Line of the digest, or of the whole reference. */
      readonly line: number;
      readonly lines: readonly ChangedLine[];
    }
  | { readonly place: ManifestPlace; readonly problems: readonly Problem[] };

/** The image as the target writes it. */
export function writtenImage(
  { write }: Pick<GitopsTarget, "write">,
  { registry, repository, digest = unknownDigest, sourceHash }: PlannedImage,
): WrittenImage {
  const tag = write !== "digest" && sourceHash !== undefined ? sourceTag(sourceHash) : undefined;
  return {
    registry,
    repository,
    digest,
    tag,
    ...(write === "tag" && tag !== undefined && { isTagOnly: true }),
  };
}

/** What a target's places name, and what setting an image changes: each file's edits after one another. */
export function viewPlaces(
  files: readonly ManifestPlace[],
  texts: ReadonlyMap<string, string>,
  image: WrittenImage,
): readonly PlaceView[] {
  const current = new Map(texts);
  return files.flatMap((place): PlaceView[] => {
    const text = current.get(place.path);
    // The problem of a file that can't be read is the state's.
    if (text === undefined) return [];
    try {
      const { text: edited, before, line, lines } = editImage(text, place, image);
      current.set(place.path, edited);
      return [{ place, before, line, lines: lines.map(shown) }];
    } catch (error) {
      if (error instanceof UserError) return [{ place, problems: error.problems }];
      throw error;
    }
  });
}

function shown({ after, ...line }: ChangedLine): ChangedLine {
  return { ...line, after: after.replaceAll(unknownDigest, shownForUnknown) };
}

/** Any image: for reading what places name. */
const anyImage: WrittenImage = {
  registry: "registry.invalid",
  repository: "image",
  digest: unknownDigest,
  tag: undefined,
};

/** What each place names; the message of the problem where it can't be told. */
export function referencesAt(
  { files, write }: Pick<GitopsTarget, "files" | "write">,
  texts: ReadonlyMap<string, string>,
): readonly { readonly place: ManifestPlace; readonly reference?: string; readonly problem?: Problem }[] {
  const image = write === "digest" ? anyImage : { ...anyImage, tag: "any", isTagOnly: write === "tag" };
  return files.map((place) => {
    const text = texts.get(place.path);
    if (text === undefined) return { place };
    const [view] = viewPlaces([place], new Map([[place.path, text]]), image);
    if (view === undefined) return { place };
    if ("problems" in view) {
      const [problem] = view.problems;
      return { place, ...(problem === undefined ? {} : { problem }) };
    }
    return { place, ...(view.before === undefined ? {} : { reference: view.before }) };
  });
}

/**
 * A reference without its tag where it has a digest: what outcomes, records and keep tags have.
 *
 * @param resolved digests of references by tag alone
 */
export function exactReference(reference: string, resolved: ReadonlyMap<string, string> = new Map()): string {
  const parsed = parseReference(reference);
  const known = resolved.get(reference);
  if (parsed !== undefined && known !== undefined) {
    return referenceOf({ ...parsed, digest: known, tag: undefined });
  }
  if (parsed?.digest === undefined || parsed.tag === undefined) return reference;
  return referenceOf({ ...parsed, digest: parsed.digest, tag: undefined });
}
