import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import { didYouMean } from "../../../../config/problems/nearest.ts";
import type { ManifestPlace } from "../../../../config/targets/gitops/target.ts";
import { placeName } from "../../../../config/targets/gitops/target.ts";
import { type Change, changeOf, joinReference, nameOf, type PlaceEdit, type WrittenImage } from "./change.ts";
import { aliasRefusal, type Found, findNodes, mergeKeyOf, mergeRefusal, pairOf, valueAt } from "./find.ts";
import { appendItem, appendList, appendPairs, type Entries } from "./insert.ts";
import { type Manifest, refusal } from "./manifest.ts";
import { replaceScalar, textOf } from "./scalar.ts";

type KustomizePlace = Extract<ManifestPlace, { kind: "kustomize" }>;

/** Keys of an entry. https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/ */
type EntryKey = "newName" | "newTag" | "digest";

/**
 * The entry of `images` with a name: newName, newTag and digest. A digest that is written alone replaces newTag, key
 * and value, and a tag that is written alone replaces digest, since kustomize writes both when it has both.
 *
 * @throws UserError when there is no such entry and none may be created, when there are several, and when
 *   keys are missing or contradict what is to be written
 */
export function editKustomize(manifest: Manifest, place: KustomizePlace, image: WrittenImage): PlaceEdit {
  const key = placeName(place);
  const [entry, ...others] = entriesNamed(manifest, place.name);
  if (entry === undefined) {
    if (!place.create) throw noEntry(manifest, place);
    return { before: undefined, offset: 0, changes: [create(manifest, place, image)] };
  }
  if (others.length > 0) {
    const lines = [entry, ...others].map(({ offset }) => manifest.lineOf(offset)).join(", ");
    throw refusal({
      code: "manifest-several-matches",
      where: manifest.file,
      key,
      message: `${others.length + 1} entries have this name, in lines ${lines}`,
      fix: "leave one of them",
    });
  }
  const values = readEntry(manifest, entry, key);
  const at = (name: EntryKey) => values[name]?.found.offset;
  return {
    before: joinReference(values.newName?.text ?? place.name, values.newTag?.text, values.digest?.text),
    offset: at("digest") ?? at("newTag") ?? entry.offset,
    changes: changesOf(manifest, place, entry, values, image),
  };
}

interface EntryValue {
  readonly text: string | undefined;
  readonly found: Found;
  /** The key as a scalar. */
  readonly key: Found;
}

type EntryValues = Readonly<Partial<Record<EntryKey, EntryValue>>>;
type Entry = Found & { readonly node: YAMLMap };

function changesOf(
  manifest: Manifest,
  place: KustomizePlace,
  entry: Entry,
  values: EntryValues,
  image: WrittenImage,
): readonly Change[] {
  const { newName, newTag, digest } = values;
  const name = nameOf(image);
  const changes: Change[] = [];
  const missing: (readonly [EntryKey, string])[] = [];
  const set = (value: EntryValue | undefined, key: EntryKey, text: string) => {
    if (value === undefined) missing.push([key, text]);
    else if (value.text !== text) changes.push(changeOf(replaceScalar(manifest, value.found, text)));
  };
  if (newName !== undefined || place.name !== name) set(newName, "newName", name);
  if (image.tag === undefined) {
    if (digest !== undefined && newTag !== undefined) throw tagAndDigest(manifest, place, newTag);
    if (digest === undefined && newTag !== undefined) {
      changes.push(changeOf(replaceScalar(manifest, newTag.key, "digest")));
      changes.push(changeOf(replaceScalar(manifest, newTag.found, image.digest)));
    } else set(digest, "digest", image.digest);
  } else if (image.isTagOnly === true) {
    if (digest !== undefined && newTag !== undefined) throw digestAndTag(manifest, place, digest);
    if (digest !== undefined && newTag === undefined) {
      changes.push(changeOf(replaceScalar(manifest, digest.key, "newTag")));
      changes.push(changeOf(replaceScalar(manifest, digest.found, image.tag)));
    } else set(newTag, "newTag", image.tag);
  } else if (digest === undefined && newTag !== undefined) {
    // kustomize puts a colon and this text behind the name.
    set(newTag, "newTag", `${image.tag}@${image.digest}`);
  } else {
    set(newTag, "newTag", image.tag);
    set(digest, "digest", image.digest);
  }
  if (missing.length === 0) return changes;
  if (!place.create) throw missingKeys(manifest, place, entry, missing);
  return [...changes, appendPairs(manifest, entry.node, entry.at, missing)];
}

function entriesNamed(manifest: Manifest, name: string): readonly Entry[] {
  return lists(manifest).flatMap(({ node, at }) => {
    if (!isSeq(node)) return [];
    return node.items.flatMap((item, index): Entry[] => {
      const document = manifest.documents[Number(at.split("/")[0])];
      const offset = (item as { range?: [number] }).range?.[0] ?? 0;
      const resolved = isAlias(item) && document !== undefined ? item.resolve(document) : item;
      if (!isMap(resolved)) return [];
      const own = pairOf(resolved, "name")?.value;
      if (!isScalar(own) || String(own.value) !== name) return [];
      if (isAlias(item)) throw aliasRefusal(manifest, offset, item.source, `images[${name}]`);
      return [{ node: resolved, at: `${at}/${index}`, offset }];
    });
  });
}

function lists(manifest: Manifest): readonly Found[] {
  const { found } = findNodes(manifest, [{ kind: "key", key: "images" }]);
  for (const { node, offset } of found) {
    if (isAlias(node)) throw aliasRefusal(manifest, offset, node.source, "images");
  }
  return found;
}

function readEntry(manifest: Manifest, entry: Entry, key: string): EntryValues {
  const read = (name: EntryKey): EntryValues => {
    const pair = pairOf(entry.node, name);
    if (pair === undefined) {
      if (mergeKeyOf(entry.node) !== undefined) throw mergeRefusal(manifest, entry.node, `${key}.${name}`);
      return {};
    }
    const found = valueAt(entry.node, pair, entry.at);
    const text = textOf(manifest, found, `${key}.${name}`);
    const node = pair.key as Found["node"];
    const place = { node, at: found.at.replace(/=$/, "?"), offset: node?.range?.[0] ?? entry.offset };
    return { [name]: { text, found, key: place } };
  };
  return { ...read("newName"), ...read("newTag"), ...read("digest") };
}

function create(manifest: Manifest, place: KustomizePlace, image: WrittenImage): Change {
  const name = nameOf(image);
  const entries: Entries = [
    ["name", place.name],
    ...(place.name === name ? [] : [["newName", name] as const]),
    ...(image.tag === undefined ? [] : [["newTag", image.tag] as const]),
    ...(image.isTagOnly === true ? [] : [["digest", image.digest] as const]),
  ];
  const [list] = lists(manifest);
  if (list !== undefined && isSeq(list.node)) return appendItem(manifest, list.node, list.at, entries);
  const top = manifest.documents[0]?.contents;
  if (!isMap(top) || top.flow === true) {
    throw refusal({
      where: manifest.file,
      key: placeName(place),
      message: "is not a kustomization: its top is not a map",
      fix: "name a kustomization.yaml",
    });
  }
  return appendList(manifest, top, "0", "images", entries);
}

function noEntry(manifest: Manifest, place: KustomizePlace) {
  const names = lists(manifest).flatMap(({ node }) =>
    isSeq(node)
      ? node.items.flatMap((item) => {
          const name = isMap(item) ? pairOf(item, "name")?.value : undefined;
          return isScalar(name) ? [String(name.value)] : [];
        })
      : [],
  );
  return refusal({
    code: "manifest-no-match",
    where: manifest.file,
    key: placeName(place),
    value: place.name,
    message: "images has no entry with this name",
    fix: `${didYouMean(place.name, names)}, or write create: true to let Slipway add it`,
  });
}

function missingKeys(
  manifest: Manifest,
  place: KustomizePlace,
  entry: Entry,
  missing: readonly (readonly [EntryKey, string])[],
) {
  const keys = missing.map(([key]) => key).join(" and ");
  return refusal({
    code: "manifest-no-match",
    where: manifest.place(entry.offset),
    key: placeName(place),
    message: `the entry has no ${keys}`,
    fix: `add ${missing.map(([key, value]) => `${key}: ${value}`).join(" and ")}, or write create: true to let Slipway add it`,
  });
}

function tagAndDigest(manifest: Manifest, place: KustomizePlace, { found }: EntryValue) {
  return refusal({
    where: manifest.place(found.offset),
    key: `${placeName(place)}.newTag`,
    message: "stands beside digest, so that kustomize writes both and the tag would name another image",
    fix: "remove newTag, or set write: tag@digest",
  });
}

function digestAndTag(manifest: Manifest, place: KustomizePlace, { found }: EntryValue) {
  return refusal({
    where: manifest.place(found.offset),
    key: `${placeName(place)}.digest`,
    message: "stands beside newTag, and decides which image runs, so the tag would have no effect",
    fix: "remove digest, or set write: tag@digest",
  });
}
