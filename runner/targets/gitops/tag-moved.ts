import type { Problem } from "../../../config/problems/errors.ts";
import { shortDigest } from "../../registry/image.ts";

/** A tag that would run another image than the one that is meant. */
export function tagMoved(where: string, tag: string, named: string | undefined, wanted: string): Problem {
  const there = named === undefined ? "has no such tag" : `has ${shortDigest(named)} under this tag`;
  return {
    code: "tag-moved",
    where,
    key: "write",
    value: tag,
    message: `the registry ${there}, and ${shortDigest(wanted)} is to run`,
    fix: "deploy from source again, which puts the tag on the image, or set write: tag@digest",
  };
}
