import { isMap, type YAMLMap } from "yaml";
import { type Change, changeOf, joinReference, nameOf, type PlaceEdit, type WrittenImage } from "./change.ts";
import { type Found, mergeKeyOf, mergeRefusal, pairOf, valueAt } from "./find.ts";
import { type Manifest, refusal } from "./manifest.ts";
import { replaceScalar, textOf } from "./scalar.ts";
import { editWhole } from "./whole.ts";

const parts = ["registry", "repository", "tag", "digest"] as const;
type Part = (typeof parts)[number];

interface PartValue {
  readonly found: Found;
  readonly text: string | undefined;
}

/**
 * The image in Helm values: one text with the whole reference, or a map with `repository` (and perhaps
 * `registry`), `tag` and `digest`. Of a chart that knows only a tag, `tag: <tag>@sha256:…` makes a reference by
 * digest.
 *
 * @throws UserError when the map lacks a key that is to be written
 */
export function editHelm(manifest: Manifest, found: Found, key: string, image: WrittenImage): PlaceEdit {
  if (!isMap(found.node)) return editWhole(manifest, found, key, image);
  const map = found.node;
  const values = readParts(manifest, map, found.at, key);
  const { registry, repository, tag, digest } = values;
  if (repository === undefined) {
    throw missing(manifest, found, key, "repository", "name the key that holds the image's repository");
  }
  const changes: Change[] = [];
  const set = (value: PartValue, text: string) => {
    if (value.text !== text) changes.push(changeOf(replaceScalar(manifest, value.found, text)));
  };
  if (registry === undefined) set(repository, nameOf(image));
  else {
    set(registry, image.registry);
    set(repository, image.repository);
  }
  if (image.tag === undefined) {
    if (digest === undefined) {
      const fix = 'write tag@digest puts the digest behind the tag; or add digest: "" if the chart reads it';
      throw missing(manifest, found, key, "digest", fix);
    }
    set(digest, image.digest);
  } else {
    if (tag === undefined) throw missing(manifest, found, key, "tag", 'add tag: "", or set write: digest');
    if (image.isTagOnly === true) {
      if (digest?.text !== undefined && digest.text !== "")
        throw digestBesideTag(manifest, digest.found, key);
      set(tag, image.tag);
    } else set(tag, digest === undefined ? `${image.tag}@${image.digest}` : image.tag);
    if (digest !== undefined && image.isTagOnly !== true) set(digest, image.digest);
  }
  const name = [registry?.text, repository.text]
    .filter((part) => part !== undefined && part !== "")
    .join("/");
  return {
    before: name === "" ? undefined : joinReference(name, tag?.text, digest?.text),
    offset: (digest ?? tag ?? repository).found.offset,
    changes,
  };
}

function readParts(
  manifest: Manifest,
  map: YAMLMap,
  at: string,
  key: string,
): Readonly<Partial<Record<Part, PartValue>>> {
  const values: Partial<Record<Part, PartValue>> = {};
  for (const part of parts) {
    const pair = pairOf(map, part);
    if (pair === undefined) {
      if (mergeKeyOf(map) !== undefined) throw mergeRefusal(manifest, map, `${key}.${part}`);
      continue;
    }
    const found = valueAt(map, pair, at);
    values[part] = { found, text: textOf(manifest, found, `${key}.${part}`) };
  }
  return values;
}

function digestBesideTag(manifest: Manifest, { offset }: Found, key: string) {
  return refusal({
    where: manifest.place(offset),
    key: `${key}.digest`,
    message: "stands beside tag, and charts take the digest, so the tag would have no effect",
    fix: 'write digest: "", or set write: tag@digest',
  });
}

function missing(manifest: Manifest, { offset }: Found, key: string, part: Part, fix: string) {
  return refusal({
    code: "manifest-no-match",
    where: manifest.place(offset),
    key,
    message: `the map has no ${part}`,
    fix,
  });
}
