import { changeOf, type PlaceEdit, referenceOf, type WrittenImage } from "./change.ts";
import type { Found } from "./find.ts";
import type { Manifest } from "./manifest.ts";
import { replaceScalar, textOf } from "./scalar.ts";

/** A scalar that holds a whole image reference. */
export function editWhole(manifest: Manifest, found: Found, key: string, image: WrittenImage): PlaceEdit {
  const before = textOf(manifest, found, key);
  const wanted = referenceOf(image);
  return {
    before: before === "" ? undefined : before,
    offset: found.offset,
    changes: before === wanted ? [] : [changeOf(replaceScalar(manifest, found, wanted))],
  };
}
