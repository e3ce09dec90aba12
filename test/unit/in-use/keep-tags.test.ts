import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ownMovingTags, releaseTag } from "../../../config/names.ts";
import { keepTagPrefixes } from "../../../config/stack/retention.ts";
import { keepTagsOf, targetOfKeepTag } from "../../../runner/in-use/keep-tags.ts";
import { tagMovability } from "../../../runner/registry/tags.ts";

describe("keep-tags", () => {
  it.each([
    ["dev", "ecs shop-dev/ui", "inuse-dev-ecs-shop-dev.ui", "lastgood-dev-ecs-shop-dev.ui"],
    ["prod", "lambda checkout:live", "inuse-prod-lambda-checkout.live", "lastgood-prod-lambda-checkout.live"],
  ])("of %s %s", (stack, title, inUse, lastGood) => {
    const proposed = `${inUse}..proposed`;
    expect(keepTagsOf(stack, title)).toEqual({ inUse, lastGood, proposed });
    expect(targetOfKeepTag(proposed)).toEqual({ why: "proposed", name: inUse.slice("inuse-".length) });
    expect(targetOfKeepTag(inUse)).toEqual({ why: "inUse", name: inUse.slice("inuse-".length) });
    expect(targetOfKeepTag(lastGood)?.why).toBe("lastGood");
  });

  it("keeps apart a cluster and service whose names only differ in where one ends", () => {
    expect(keepTagsOf("dev", "ecs a/b-c").inUse).not.toBe(keepTagsOf("dev", "ecs a-b/c").inUse);
  });

  const names = fc.string({ minLength: 1, maxLength: 260, unit: "binary" });

  it("are tags that ECR accepts, that move in an immutable repository, and that the first rules protect", () => {
    const repositories = { tagMutability: "immutable", movingTags: [] as string[] } as unknown as Parameters<
      typeof tagMovability
    >[0];
    const movable = tagMovability(repositories);
    fc.assert(
      fc.property(names, names, names, (stack, cluster, service) => {
        for (const tag of Object.values(keepTagsOf(stack, `ecs ${cluster}/${service}`))) {
          expect(tag).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
          expect(movable(tag)).toBe(true);
          expect(keepTagPrefixes.some((prefix) => tag.startsWith(prefix))).toBe(true);
        }
      }),
    );
    expect(ownMovingTags).toEqual(expect.arrayContaining(keepTagPrefixes.map((prefix) => `${prefix}*`)));
  });

  it("differ where the targets do, also where a tag has no room for the difference", () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        fc.pre(one.replaceAll(/[/:]/g, ".") !== other.replaceAll(/[/:]/g, "."));
        expect(keepTagsOf("dev", `lambda ${one}`).inUse).not.toBe(keepTagsOf("dev", `lambda ${other}`).inUse);
      }),
    );
  });

  it("are no other tags", () => {
    for (const tag of ["latest", "inuse", "src-inuse-1", "v1-lastgood-2", releaseTag("dev")]) {
      expect(targetOfKeepTag(tag)).toBeUndefined();
    }
  });
});
