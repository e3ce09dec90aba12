import type { Use } from "../../in-use/merge.ts";
import { shortDigest } from "../../registry/image.ts";
import type { Colours } from "../../report/colours.ts";
import { formatTable } from "../../report/table.ts";
import type { Certainty } from "../../targets/image-use.ts";
import type { RepositoryImage } from "./describe.ts";
import type { ImagesDocument, RepositoryDocument } from "./list.ts";

/** What needs which image, and what was searched for that, as text. */
export function showInUse(document: ImagesDocument, colours: Colours): string {
  const { stack, account, region, repositories, coverage } = document;
  const { bold, dim, yellow } = colours;
  const there = repositories.filter(({ exists }) => exists);
  const unused = there.filter(({ images }) => images.length === 0);
  const searched = coverage?.searched ?? [];
  return [
    bold(`Stack ${stack} (account ${account}, ${region})`),
    ...there.flatMap((one) => showRepository(one, colours)),
    ...(unused.length === 0
      ? []
      : ["", dim(`Nothing needs an image of: ${unused.map(({ repository }) => repository).join(", ")}`)]),
    ...(coverage === undefined
      ? []
      : ["", bold("Searched"), ...coverage.lookedAt.map((what) => `  ${what}`)]),
    ...searched
      .filter(({ refused }) => refused !== undefined)
      .map(({ what, refused }) => yellow(`  not seen: ${what} (${refused})`)),
    ...(coverage === undefined
      ? []
      : [
          "",
          bold("Not looked at"),
          ...coverage.notLookedAt
            .filter((what) => !searched.some((one) => what.startsWith(`${one.what} (`)))
            .map((what) => `  ${what}`),
        ]),
  ].join("\n");
}

function showRepository(
  { repository, images }: RepositoryDocument,
  { bold, dim }: Colours,
): readonly string[] {
  if (images.length === 0) return [];
  const head = ["Image", "Tags", "Used by", "Why", "How sure"].map((text) => dim(text));
  return ["", bold(repository), formatTable([head, ...images.flatMap(rowsOf)])];
}

function rowsOf({ digest, tags, uses }: RepositoryImage): readonly (readonly string[])[] {
  return uses.map((use, index) => [
    index === 0 ? shortDigest(digest) : "",
    index === 0 ? tags.join(", ") : "",
    use.where,
    use.why,
    certaintyText(use),
  ]);
}

const certainties: Readonly<Record<Certainty, string>> = {
  starts: "may start at any time",
  returns: "for going back",
  tag: "by tag: today's image, may move",
  reported: "reported",
};

/** How sure it is that the digest is needed, in words. */
export function certaintyText({ certainty }: Use): string {
  return certainty === undefined ? "runs" : certainties[certainty];
}
