import { describeProblem } from "../../config/problems/errors.ts";
import { shortDigest } from "../registry/image.ts";
import type { Colours } from "../report/colours.ts";
import { formatDuration } from "../report/duration.ts";
import { formatTable } from "../report/table.ts";
import { isMove } from "../targets/target.ts";
import type { MovedDocument } from "./releases.ts";
import { proposedCount, showEvidence, showTargets, showTimeline } from "./show-targets.ts";

/** What was done with images that were there, before the stack's name: `Rolled back on`, `Promoted from dev to`. */
export interface MovedWords {
  readonly done: string;
  readonly would: string;
}

/** How moving images of earlier releases ended, or what it would change, as people read it. */
export function showMoved(document: MovedDocument, words: MovedWords, colours: Colours): string {
  const { bold, dim } = colours;
  const time = dim(`(${formatDuration(document.milliseconds)})`);
  const rows = document.services.map(({ service, release, digest }) => [
    service,
    release.id,
    shortDigest(digest),
    dim(release.commit?.slice(0, 7) ?? ""),
    dim(release.tags.join(", ")),
  ]);
  const parts = [
    formatTable([["Service", "Release", "Image", "Commit", "Tags"].map(dim), ...rows]),
    "",
    ...(document.outcome === "planned" ? document.services.flatMap((one) => showChanges(one, colours)) : []),
    ...(document.targets.length > 0 ? [showTargets(document.targets, colours), ""] : []),
    ...document.targets.flatMap((target) => showEvidence(target, colours)),
    ...(document.outcome === "planned" ? [] : [showTimeline(document, colours)]),
    `${bold(headline(document, words, colours))} ${time}`,
  ];
  return parts.join("\n");
}

/** The tags that promoted images have where they went: `Tags on prod: ui v1.2.3, latest; orders v1.2.3`. */
export function showTagged(
  stack: string,
  copied: readonly { readonly service: string; readonly tags: readonly string[] }[],
): string[] {
  const tagged = copied.filter(({ tags }) => tags.length > 0);
  if (tagged.length === 0) return [];
  return [
    `Tags on ${stack}: ${tagged.map(({ service, tags }) => `${service} ${tags.join(", ")}`).join("; ")}`,
  ];
}

/** Says which tags stay where they are: `ui: 0123456 may not move, …`; undefined: none. */
export function staysThere(service: string, staying: readonly string[]): string | undefined {
  if (staying.length === 0) return undefined;
  const stay = staying.length === 1 ? "stays" : "stay";
  return `${service}: ${staying.join(", ")} may not move, and ${stay} on the image that was built before from this source`;
}

function showChanges(
  { targets, gates = [], problems = [] }: MovedDocument["services"][number],
  { yellow, dim, red, green }: Colours,
) {
  const changes = targets.flatMap(({ title, action, changes, notes }) => [
    isMove({ action })
      ? `${yellow("~")} ${title}`
      : `${dim(action === "prove" ? "?" : "=")} ${title}${dim(" (already runs this image)")}`,
    ...changes.flatMap(({ field, before, after }) => [
      `    ${field}`,
      ...(before === undefined ? [] : [red(`    - ${before}`)]),
      green(`    + ${after}`),
    ]),
    ...notes.map((note) => dim(`    note: ${note}`)),
    "",
  ]);
  const told = [
    ...gates.map(({ gate, verdict, message }) =>
      dim(`  gate ${gate}: ${verdict}${message === undefined ? "" : `, ${message}`}`),
    ),
    ...problems.map((problem) => red(`  problem: ${describeProblem(problem)}`)),
  ];
  return [...changes, ...told, ...(told.length > 0 ? [""] : [])];
}

function headline(
  { outcome, targets, services, stack }: MovedDocument,
  words: MovedWords,
  colours: Colours,
): string {
  const { green, red, yellow } = colours;
  const moved = targets.filter((target) => target.outcome === "done").length;
  const count = `${moved} of ${targets.length} targets moved`;
  switch (outcome) {
    case "planned": {
      const all = services.flatMap((service) => service.targets);
      const moves = all.filter(isMove).length;
      const problems = services.flatMap((service) => service.problems ?? []).length;
      if (problems > 0) return red(`${problems} would stop it before anything moves on ${stack}`);
      return `${words.would} ${stack}: ${moves} of ${all.length} targets to move`;
    }
    case "nothing":
      return "Nothing to do: the targets already run these images";
    case "done":
      return green(`${words.done} ${stack}: ${count}`);
    case "proposed":
      return yellow(`Proposed on ${stack}: ${proposedCount(targets)}; ${count}`);
    case "superseded":
      return yellow(`Superseded on ${stack}: a newer commit is already deployed; ${count}`);
    case "failed":
      return red(`Failed on ${stack}: ${count}`);
    case "interrupted":
      return yellow(`Interrupted on ${stack}: ${count}. Run the command again to finish.`);
  }
}
