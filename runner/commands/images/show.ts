import prettyBytes from "pretty-bytes";
import { shortDigest } from "../../registry/image.ts";
import { countOfOthers, isBrief } from "../../report/brief.ts";
import type { Colours } from "../../report/colours.ts";
import { formatAge } from "../../report/duration.ts";
import { formatTable } from "../../report/table.ts";
import type { RepositoryImage } from "./describe.ts";
import type { ImagesDocument, RepositoryDocument } from "./list.ts";

export interface ShowImages {
  /** Whether to also show Slipway's own tags. */
  readonly allTags: boolean;
  readonly now: Date;
  /** Whether to list the images of every repository, however many there are. Default: false. */
  readonly verbose?: boolean;
}

/** The most repositories that a summary names. */
const largestShown = 10;

/** Repositories and their images, as text. Of many repositories, the largest, and those with something to tell. */
export function showImages(document: ImagesDocument, colours: Colours, how: ShowImages): string {
  const { stack, account, region } = document;
  const head = colours.bold(`Stack ${stack} (account ${account}, ${region})`);
  const { verbose = false } = how;
  if (isBrief(document.repositories.length, verbose)) {
    return [head, ...showSummary(document.repositories, colours)].join("\n");
  }
  return [
    head,
    ...document.repositories.flatMap((repository) => ["", ...showRepository(repository, colours, how)]),
  ].join("\n");
}

function showSummary(all: readonly RepositoryDocument[], { dim }: Colours): readonly string[] {
  const sum = (of: (one: RepositoryDocument) => number) => all.reduce((total, one) => total + of(one), 0);
  const images = (one: RepositoryDocument) => one.images.length + one.olderImages;
  const there = all.filter(({ exists }) => exists);
  const largest = there.toSorted((one, other) => other.bytes - one.bytes).slice(0, largestShown);
  const archived = there.filter((one) => one.archived.length > 0 && !largest.includes(one));
  const missing = all.length - there.length;
  const rows = [...largest, ...archived].map((one) => [
    one.repository,
    String(images(one)),
    prettyBytes(one.bytes),
    one.archived.length === 0 ? "" : `archived: ${archivedText(one.archived)}`,
  ]);
  const listed = largest.length + archived.length;
  return [
    `${all.length.toLocaleString("en")} repositories: ${sum(images).toLocaleString("en")} images, ${prettyBytes(sum(({ bytes }) => bytes))}`,
    "",
    formatTable([["Largest", "Images", "Size", ""].map((text) => dim(text)), ...rows]),
    ...countOfOthers(there.length - listed, "repository", "repositories", "not shown").map(dim),
    ...countOfOthers(missing, "repository", "repositories", "not created yet").map(dim),
    dim("Name services to see their images."),
  ];
}

function showRepository(one: RepositoryDocument, colours: Colours, how: ShowImages): readonly string[] {
  const { dim } = colours;
  if (!one.exists) return [`${colours.bold(one.repository)}: this repository does not exist yet`];
  const count = one.images.length + one.olderImages;
  const images = count === 1 ? "1 image" : `${count} images`;
  const head = `${colours.bold(one.repository)}: ${images}, ${prettyBytes(one.bytes)}`;
  const columns = ["Image", "Age", "Platforms", "Own", "Shared", "Tags", "Commit", "Kept for"];
  const table = formatTable([
    columns.map((text) => dim(text)),
    ...one.images.map((image) => row(image, colours, how)),
  ]);
  const artifacts = [...Map.groupBy(one.artifacts, ({ what }) => what)].map(
    ([what, some]) =>
      `${some.length} × ${what} (${prettyBytes(some.reduce((sum, { bytes }) => sum + bytes, 0))})`,
  );
  return [
    head,
    ...(count === 0 ? [] : [table]),
    ...(one.olderImages > 0 ? [dim(`${one.olderImages} older not shown (--limit 0 shows all)`)] : []),
    ...(one.archived.length > 0 ? [dim(`archived: ${archivedText(one.archived)}`)] : []),
    ...(artifacts.length > 0 ? [dim(`other artifacts: ${artifacts.join(", ")}`)] : []),
  ];
}

/** `3 manifests (v1.0, v1.1), 1 of them being restored` */
function archivedText(archived: RepositoryDocument["archived"]): string {
  const count = archived.length === 1 ? "1 manifest" : `${archived.length} manifests`;
  const tags = archived.flatMap((entry) => entry.tags);
  const restored = archived.filter(({ isBeingRestored }) => isBeingRestored).length;
  return [
    tags.length === 0 ? count : `${count} (${tags.join(", ")})`,
    ...(restored === 0 ? [] : [`${restored} of them being restored`]),
  ].join(", ");
}

function row(
  image: RepositoryImage,
  { dim, green }: Colours,
  { allTags, now }: ShowImages,
): readonly string[] {
  const tags = allTags ? [...image.tags, ...image.ownTags] : image.tags;
  const folded = allTags || image.ownTags.length === 0 ? "" : dim(` +${image.ownTags.length}`);
  return [
    shortDigest(image.digest),
    image.pushedAt === undefined ? "" : formatAge(now.getTime() - image.pushedAt.getTime()),
    image.platforms
      .map(({ platform, bytes }) => `${platform.replace(/^linux\//, "")} ${prettyBytes(bytes)}`)
      .join("\n"),
    prettyBytes(image.uniqueBytes),
    prettyBytes(image.sharedBytes),
    `${tags.join("\n")}${folded}`,
    image.commit ?? "",
    shownUses(image)
      .map((use) => green(use))
      .join("\n"),
  ];
}

/** A line for each user of the image, however often it uses it. */
function shownUses({ uses }: RepositoryImage): readonly string[] {
  return [...Map.groupBy(uses, ({ where }) => where)].map(([where, some]) => {
    const [first] = some;
    return some.length === 1 && first?.why.startsWith("marked") ? `${where} (${first.why})` : where;
  });
}
