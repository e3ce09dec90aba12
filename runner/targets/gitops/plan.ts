import type { Problem } from "../../../config/problems/errors.ts";
import { gitopsDeclaration } from "../../../config/targets/gitops/kind.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { type PlannedImage, plannedReference } from "../../registry/image.ts";
import type { FieldChange } from "../target.ts";
import { exactReference, type PlaceView, viewPlaces, writtenImage } from "./places.ts";
import { tokenNote } from "./propose/open.ts";
import type { GitopsPlan, GitopsState } from "./state.ts";
import { tagMoved } from "./tag-moved.ts";

/** `gitops acme/deploy@main:apps/ui/kustomization.yaml images[ui]` */
export function gitopsTitle(target: GitopsTarget): string {
  return `gitops ${gitopsDeclaration.identity(target)}`;
}

/** What setting an image in the manifests changes: the image, and each line of the files. */
export function planGitops(
  service: string,
  target: GitopsTarget,
  state: GitopsState,
  image: PlannedImage,
): GitopsPlan {
  const views = viewPlaces(target.files, state.texts, writtenImage(target, image));
  const problems = [...state.problems, ...views.flatMap((view) => ("problems" in view ? view.problems : []))];
  const changes = changesOf(views, image, state.resolved);
  return {
    service,
    target,
    title: gitopsTitle(target),
    action: changes.length === 0 ? "none" : "update",
    changes,
    problems: [...problems, ...tagProblems(target, image), ...movedTag(target, views, state, image)],
    notes: changes.length === 0 ? [] : notesOn(target),
    state,
  };
}

function notesOn(target: GitopsTarget): string[] {
  const token = target.deliver === "pull-request" ? tokenNote(target, process.env) : undefined;
  return [
    ...(target.deliver === "pull-request" ? [onlyProposed] : []),
    ...(token === undefined ? [] : [token]),
    ...(target.follow === "none" ? [nothingProven] : []),
  ];
}

const onlyProposed = "delivered by a pull request: without --wait-merge, the run ends when it is open";
const nothingProven = "done means committed: nothing follows what deploys the manifests";

function changesOf(
  views: readonly PlaceView[],
  image: PlannedImage,
  resolved: GitopsState["resolved"],
): FieldChange[] {
  const changed = views.flatMap((view) => ("lines" in view && view.lines.length > 0 ? [view] : []));
  const [first] = changed;
  if (first === undefined) return [];
  const { before } = first;
  const own = {
    field: "image",
    before: before === undefined ? undefined : exactReference(before, resolved),
    after: plannedReference(image),
  };
  const lines = changed.flatMap(({ place, lines }) =>
    lines.map(({ line, before, after }) => ({ field: `${place.path}:${line}`, before, after })),
  );
  return [own, ...lines];
}

function tagProblems(target: GitopsTarget, { sourceHash }: PlannedImage): Problem[] {
  if (target.write === "digest" || sourceHash !== undefined) return [];
  return [
    {
      code: "contradicting-settings",
      where: gitopsTitle(target),
      key: "write",
      value: target.write,
      message: "no tag of the image's source is known",
      fix: "set write: digest",
    },
  ];
}

/** The places name the tag of the image, and the registry has another image under it now. */
function movedTag(
  target: GitopsTarget,
  views: readonly PlaceView[],
  { resolved }: GitopsState,
  { digest }: PlannedImage,
): Problem[] {
  if (digest === undefined) return [];
  const moved = views.flatMap((view) => {
    if (!("lines" in view) || view.lines.length > 0 || view.before === undefined) return [];
    const named = resolved.get(view.before);
    return named === undefined || named === digest ? [] : [{ tag: view.before, named }];
  });
  return moved.slice(0, 1).map(({ tag, named }) => tagMoved(gitopsTitle(target), tag, named, digest));
}

/** The change of the image. */
export function gitopsImageChange({ changes }: GitopsPlan): FieldChange | undefined {
  return changes.find(({ field }) => field === "image");
}
