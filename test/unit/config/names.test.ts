import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ownMovingTags, releaseTag } from "../../../config/names.ts";
import { keepTagPrefixes } from "../../../config/stack/retention.ts";
import { matchesWildcard } from "../../../config/stack/tags.ts";
import { keepTagsOf } from "../../../runner/in-use/keep-tags.ts";

const stacks = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,90}$/);

describe("the tag of a stack's newest release", () => {
  it("may move in an immutable repository, and is kept by every retention policy", () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const tag = releaseTag(stack);
        expect(tag).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
        expect(ownMovingTags.some((filter) => matchesWildcard(filter, tag))).toBe(true);
        expect(keepTagPrefixes.some((prefix) => tag.startsWith(prefix))).toBe(true);
      }),
    );
  });

  it("is no target's keep-tag, and no other stack's", () => {
    expect(releaseTag("prod")).toBe("inuse-releases.prod");
    fc.assert(
      fc.property(stacks, stacks, (one, other) => {
        expect(releaseTag(one)).not.toBe(keepTagsOf(one, `ecs ${other}/ui`).inUse);
        if (one !== other) expect(releaseTag(one)).not.toBe(releaseTag(other));
      }),
    );
  });
});
