import type { Problem } from "../../../config/problems/errors.ts";
import { gitopsDeclaration } from "../../../config/targets/gitops/kind.ts";
import type { GitopsTarget } from "../../../config/targets/gitops/target.ts";
import { type PlannedImage, plannedReference } from "../../registry/image.ts";
import type { FieldChange } from "../target.ts";
import { exactReference, type PlaceView, viewPlaces, writtenImage } from "./places.ts";
import type { GitopsPlan, GitopsState } from "./state.ts";

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
  const changes = changesOf(views, image);
  return {
    service,
    target,
    title: gitopsTitle(target),
    action: changes.length === 0 ? "none" : "update",
    changes,
    problems: [...problems, ...tagProblems(target, image)],
    notes: target.follow === "none" && changes.length > 0 ? [nothingProven] : [],
    state,
  };
}

const nothingProven = "done means committed: nothing follows what deploys the manifests";

function changesOf(views: readonly PlaceView[], image: PlannedImage): FieldChange[] {
  const changed = views.flatMap((view) => ("lines" in view && view.lines.length > 0 ? [view] : []));
  const [first] = changed;
  if (first === undefined) return [];
  const { before } = first;
  const own = {
    field: "image",
    before: before === undefined ? undefined : exactReference(before),
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

/** The change of the image. */
export function gitopsImageChange({ changes }: GitopsPlan): FieldChange | undefined {
  return changes.find(({ field }) => field === "image");
}
