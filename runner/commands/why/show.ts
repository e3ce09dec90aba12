import { describeChange } from "../../../source/compare.ts";
import { shortDigest } from "../../registry/image.ts";
import type { WhyDocument } from "./why.ts";

/** Maximum number of lines to show; the rest is only counted. */
const shownChanges = 40;

/** The changes, as text. */
export function showWhy({ service, against, changes, built, movedBases }: WhyDocument): string {
  const state =
    built === undefined
      ? []
      : [
          built
            ? "the registry has an image of the current source"
            : "the registry has no image of the current source",
        ];
  const compared =
    against.kind === "git"
      ? `since ${against.ref} (${against.commit.slice(0, 7)})`
      : against.kind === "image"
        ? `since ${shortDigest(against.digest)} (${against.what})`
        : `unknown changes: ${against.reason}`;
  const shown = changes.slice(0, shownChanges).map((one) => `  ${describeChange(one)}`);
  const more = changes.length - shown.length;
  const title =
    against.kind === "nothing"
      ? compared
      : changes.length === 0
        ? `nothing changed ${compared}`
        : `changed ${compared}:`;
  const moved = movedBases.flatMap(({ name, reference, from, to }) => [
    `the tag of its base image ${name}${name === reference ? "" : ` (${reference})`} has moved since the build:`,
    `  ${from} then`,
    `  ${to} now`,
  ]);
  const hint =
    "a base image that moved does not change the source; slipway outdated --rebuild builds the service again";
  return [
    `${service}: ${title}`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(moved.length > 0 ? [...moved, hint] : []),
    ...state,
  ].join("\n");
}
