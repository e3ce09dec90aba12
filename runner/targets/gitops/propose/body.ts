import { createHash } from "node:crypto";
import { codeMarkdown, foldedMarkdown, markdownTable, plainMarkdown } from "../../../github/markdown.ts";
import { shortDigest } from "../../../registry/image.ts";
import type { Gate } from "../../gate.ts";
import type { ImageChanges } from "../../target.ts";
import type { PullRequestText } from "./forge.ts";

/** One image that a pull request sets. */
export interface ProposedImage {
  readonly service: string;
  /** Kind and identity of the target. */
  readonly title: string;
  /** What the branch names now. */
  readonly before: string | undefined;
  /** What it is to name. */
  readonly reference: string;
  /** The commit of its source, when it is known. */
  readonly revision: string | undefined;
  /** Undefined where nobody knows what has changed. */
  readonly changes: ImageChanges | undefined;
  readonly gates: readonly Gate[];
}

/**
 * The branch of a pull request, always the same for a stack and a set of targets: `slipway/dev/ui-0123abcd`. The
 * hash tells targets of one service apart, and those of projects that share a repository.
 */
export function proposalBranch(
  stack: string,
  targets: readonly { readonly service: string; readonly title: string }[],
): string {
  const services = [...new Set(targets.map(({ service }) => service))].toSorted();
  const named = services.join("+");
  const set = named.length <= 60 ? named : `${services.length}-services`;
  const titles = targets.map(({ title }) => title).toSorted();
  return `${branchPrefix}${allowed(stack)}/${allowed(set)}-${hashOf([stack, ...titles], 8)}`;
}

/** How the branches of all proposals begin. */
export const branchPrefix = "slipway/";

/** What git allows in the name of a branch, and a bit less. https://git-scm.com/docs/git-check-ref-format */
function allowed(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9_+/.-]+/g, "-")
    .replaceAll(/\.{2,}|\/\.|^[./]|[./]$|\.lock(?=\/|$)/g, "-");
}

function hashOf(texts: readonly string[], length: number): string {
  return createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, length);
}

/** The images of a proposal in few characters: another image, another key. */
export function proposalKey(images: readonly Pick<ProposedImage, "title" | "reference">[]): string {
  return hashOf(images.map(({ title, reference }) => `${title} ${reference}`).toSorted(), 16);
}

const marker = /<!-- slipway:(proposal|withdrawn) (\S+) -->/;

/** What a pull request's text says of itself: which images it proposes, and whether a run has withdrawn it. */
export function readMarker(
  body: string,
): { readonly key: string; readonly isWithdrawn: boolean } | undefined {
  const [, state, key] = marker.exec(body) ?? [];
  return key === undefined ? undefined : { key, isWithdrawn: state === "withdrawn" };
}

/** The text of a pull request that a run takes back, so that the next run may propose the same again. */
export function withdrawnBody(body: string, why: string): string {
  const { key } = readMarker(body) ?? { key: "unknown" };
  return `<!-- slipway:withdrawn ${key} -->\nWithdrawn by Slipway: ${plainMarkdown(why)}.\n\n${body.replace(marker, "").trim()}`;
}

/** GitHub's limit is 65,536 characters, GitLab's 1,048,576. */
const maximumCharacters = 60_000;

/**
 * What a pull request says: what changes for each service, from the image that the branch names. The same images
 * have the same text, so that a rerun changes nothing.
 */
export function proposalText(
  images: readonly ProposedImage[],
  stack: string,
  title: string,
  note: string | undefined,
): PullRequestText {
  const sorted = images.toSorted((a, b) => (`${a.service} ${a.title}` < `${b.service} ${b.title}` ? -1 : 1));
  const rows = sorted.map((image) => [
    codeMarkdown(image.service),
    image.before === undefined ? "" : codeMarkdown(shortName(image.before)),
    codeMarkdown(shortName(image.reference)),
    sourceOf(image),
    sizeOf(image.changes),
  ]);
  const body = [
    `<!-- slipway:proposal ${proposalKey(images)} -->`,
    `Slipway proposes these images for ${codeMarkdown(stack)}. Nothing is deployed before this is merged.`,
    markdownTable(["Service", "From", "To", "Source", "Size"], rows),
    ...sorted.flatMap(commitsOf),
    ...gatesOf(sorted),
    ...(note === undefined ? [] : [`> ${plainMarkdown(note)}`]),
    "Slipway keeps this branch and this text up to date. A commit of somebody else on the branch ends that.",
  ].join("\n\n");
  return { title, body: body.slice(0, maximumCharacters) };
}

/** `shop/ui@sha256:0123456789ab`: without the registry, whose name holds the account's id. */
function shortName(reference: string): string {
  const name = reference.slice(reference.indexOf("/") + 1);
  const [image = name, digest] = name.split("@");
  return digest === undefined ? image : `${image}@${shortDigest(digest)}`;
}

function sourceOf({ revision, changes }: ProposedImage): string {
  if (revision === undefined) return "";
  const from = changes?.before;
  const to = codeMarkdown(revision.slice(0, 7));
  return from === undefined ? to : `${codeMarkdown(from.slice(0, 7))} → ${to}`;
}

function sizeOf(changes: ImageChanges | undefined): string {
  const { sizeBefore, sizeAfter } = changes ?? {};
  if (sizeAfter === undefined) return "";
  return sizeBefore === undefined
    ? megabytes(sizeAfter)
    : `${megabytes(sizeBefore)} → ${megabytes(sizeAfter)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function commitsOf({ service, changes }: ProposedImage): string[] {
  if (changes === undefined || changes.commits.length === 0) return [];
  const { commits, more } = changes;
  const lines = commits.map(
    ({ id, subject }) => `- ${codeMarkdown(id.slice(0, 7))} ${plainMarkdown(subject)}`,
  );
  const rest = more === 0 ? [] : [`- and ${more} more`];
  return [foldedMarkdown(`${service}: ${commits.length + more} commits`, [...lines, ...rest].join("\n"))];
}

function gatesOf(images: readonly ProposedImage[]): string[] {
  const rows = images.flatMap(({ service, gates }) =>
    gates
      .filter(({ verdict, message }) => verdict !== "passed" || message !== undefined)
      .map(({ gate, verdict, message = "" }) => [
        codeMarkdown(service),
        plainMarkdown(gate),
        plainMarkdown(verdict),
        plainMarkdown(message),
      ]),
  );
  return rows.length === 0 ? [] : [markdownTable(["Service", "Gate", "Verdict", ""], rows)];
}
