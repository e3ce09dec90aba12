import { isScalar } from "yaml";
import { formatPath } from "../../../../config/targets/gitops/path.ts";
import type { ManifestPlace } from "../../../../config/targets/gitops/target.ts";
import type { Change, PlaceEdit, WrittenImage } from "./change.ts";
import { type Found, findNodes } from "./find.ts";
import { editHelm } from "./helm.ts";
import { editKustomize } from "./kustomize.ts";
import { type Manifest, parseManifest, refusal } from "./manifest.ts";
import { differences, nodesOf } from "./shape.ts";
import { editWhole } from "./whole.ts";

/** A line of a file that an edit changes; without `before`, one that it adds. */
export interface ChangedLine {
  /** From 1, in the file as it is after the edit. */
  readonly line: number;
  readonly before: string | undefined;
  readonly after: string;
}

/** What a place names, and the file with another image there. */
export interface Edited {
  /** Reference that the place names in the text that was given. */
  readonly before: string | undefined;
  /** The whole text, the same in every byte but those of the image. */
  readonly text: string;
  /** None when the place names the image already. */
  readonly lines: readonly ChangedLine[];
  /** Line of the digest, or of the whole reference, from 1. */
  readonly line: number;
}

/**
 * Sets the image at one place of a file of manifests. Only the bytes of the scalars that name the image
 * change: comments, indentation, line ends and quotes stay. The result is parsed again, and refused if
 * anything else in it differs.
 *
 * @throws UserError `manifest-no-match`, `manifest-several-matches`, `manifest-refused`, with file and line
 */
export function editImage(text: string, place: ManifestPlace, image: WrittenImage): Edited {
  const manifest = parseManifest(text, place.path);
  const { before, offset, changes } = editPlace(manifest, place, image);
  const edited = splice(text, changes);
  if (changes.length > 0) assertOnlyExpected(manifest, edited, changes);
  return { before, text: edited, lines: changedLines(text, changes), line: manifest.lineOf(offset) };
}

function editPlace(manifest: Manifest, place: ManifestPlace, image: WrittenImage): PlaceEdit {
  if (place.kind === "kustomize") return editKustomize(manifest, place, image);
  const found = onlyNode(manifest, place);
  return place.kind === "helm"
    ? editHelm(manifest, found, place.key, image)
    : editWhole(manifest, found, place.key, image);
}

type PathPlace = Exclude<ManifestPlace, { kind: "kustomize" }>;

function onlyNode(manifest: Manifest, { steps, key }: PathPlace): Found {
  const { found, reached } = findNodes(manifest, steps);
  const [node, ...others] = found;
  if (node === undefined) {
    const rest = formatPath(steps.slice(reached?.steps ?? 0));
    const there = reached === undefined ? "" : ` below ${formatPath(steps.slice(0, reached.steps))}`;
    throw refusal({
      code: "manifest-no-match",
      where: reached === undefined ? manifest.file : manifest.place(reached.found.offset),
      key,
      message: `the file has no ${rest}${there}`,
      fix: "correct the path in services.yaml, or add the key to the file",
    });
  }
  if (others.length > 0) {
    const lines = found.map(({ offset }) => manifest.lineOf(offset)).join(", ");
    throw refusal({
      code: "manifest-several-matches",
      where: manifest.file,
      key,
      message: `${found.length} places match, in lines ${lines}`,
      fix: "choose one: [name=ui] for an item of a list, [metadata.name=ui] at the beginning for a document",
    });
  }
  return node;
}

function splice(text: string, changes: readonly Change[]): string {
  const ordered = changes.toSorted((one, other) => other.start - one.start);
  return ordered.reduce((all, one) => all.slice(0, one.start) + one.text + all.slice(one.end), text);
}

/** @throws UserError `manifest-refused` unless the edited text differs in the expected places only */
function assertOnlyExpected(before: Manifest, text: string, changes: readonly Change[]): void {
  const expected = changes.flatMap((change) => change.expected);
  const after = parseManifest(text, before.file);
  const [other] = differences(
    before,
    after,
    expected.map(({ at }) => at),
  );
  const nodes = nodesOf(after);
  const wrong = expected.find(({ at, value }) => {
    const node = nodes.get(at);
    return value === undefined ? !nodes.has(at) : !isScalar(node) || String(node.value).trim() !== value;
  });
  if (other === undefined && wrong === undefined) return;
  throw refusal({
    where: before.place(changes[0]?.start ?? 0),
    message: "an edit at this place would change more than the image",
    fix: "write the image as a plain or quoted text on one line",
  });
}

/** The lines that changes touch, before and after. */
function changedLines(text: string, changes: readonly Change[]): readonly ChangedLine[] {
  const edited = splice(text, changes);
  const ordered = changes.toSorted((one, other) => one.start - other.start);
  const lines = new Map<number, ChangedLine>();
  let shift = 0;
  for (const change of ordered) {
    const start = change.start + shift;
    shift += change.text.length - (change.end - change.start);
    const isInsertedLine = change.start === change.end && /^\r?\n/.test(change.text);
    const inserted = change.text.split(/\r?\n/).length - 1;
    const first = edited.slice(0, start).split("\n").length;
    if (isInsertedLine) {
      for (let next = 1; next <= inserted; next++) {
        const line = first + next;
        lines.set(line, { line, before: undefined, after: lineAt(edited, line) });
      }
      continue;
    }
    const before = lineAround(text, change.start);
    lines.set(first, { line: first, before, after: lineAt(edited, first) });
  }
  return [...lines.values()];
}

function lineAt(text: string, line: number): string {
  return (text.split("\n")[line - 1] ?? "").replace(/\r$/, "");
}

function lineAround(text: string, offset: number): string {
  return lineAt(text, text.slice(0, offset).split("\n").length);
}
