import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeUses } from "../../../runner/in-use/merge.ts";
import { inUseSet, runningDigests, usesOfReleases } from "../../../runner/in-use/read.ts";
import type { Entry } from "../../../runner/registry/contents.ts";
import type { EarlierRelease } from "../../../runner/release/record.ts";
import { sha } from "../registry/fixtures.ts";

const host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";

describe("what hangs together is in use together", () => {
  const index = new Map([
    [sha("1"), [sha("a"), sha("b")]],
    [sha("2"), [sha("b"), sha("c")]],
  ]);
  const ecs = { where: "ecs shop/ui", why: "task" };
  const lambda = { where: "lambda ui:live", why: "version 1" };

  it("an index with all of its manifests", () => {
    const set = mergeUses([{ digest: sha("1"), ...ecs }], index);
    expect([...set.keys()].toSorted()).toEqual([sha("1"), sha("a"), sha("b")].toSorted());
    expect(set.get(sha("b"))).toEqual([ecs]);
  });

  it("a manifest with its index, and so with the others of it", () => {
    const set = mergeUses([{ digest: sha("a"), ...lambda }], index);
    expect([...set.keys()].toSorted()).toEqual([sha("1"), sha("a"), sha("b")].toSorted());
  });

  it("an index that shares a manifest with one in use is not, for that alone", () => {
    expect(mergeUses([{ digest: sha("1"), ...ecs }], index).has(sha("2"))).toBe(false);
  });

  it("says each use once, in an order that does not depend on who was found first", () => {
    const uses = [
      { digest: sha("1"), ...lambda },
      { digest: sha("a"), ...ecs },
      { digest: sha("1"), ...ecs },
    ];
    expect(mergeUses(uses, index).get(sha("1"))).toEqual([ecs, lambda]);
    expect(mergeUses(uses.toReversed(), index)).toEqual(mergeUses(uses, index));
  });

  it("says what is sure of two that say the same", () => {
    const sure = { digest: sha("1"), ...ecs };
    const unsure = { ...sure, certainty: "tag" as const };
    for (const uses of [
      [sure, unsure],
      [unsure, sure],
    ]) {
      expect(mergeUses(uses, index).get(sha("1"))).toEqual([ecs]);
    }
  });

  it("never loses anything that was named", () => {
    const digests = fc.constantFrom(..."123abcdef".split("").map(sha));
    const uses = fc.array(fc.record({ digest: digests, where: fc.string(), why: fc.string() }));
    const indexes = fc.array(fc.tuple(digests, fc.array(digests))).map((pairs) => new Map(pairs));
    fc.assert(
      fc.property(uses, indexes, (some, tree) => {
        const set = mergeUses(some, tree);
        for (const { digest, where, why } of some) expect(set.get(digest)).toContainEqual({ where, why });
        for (const [parent, children] of tree) {
          if (set.has(parent)) for (const child of children) expect(set.has(child)).toBe(true);
        }
      }),
    );
  });
});

const image = (letter: string, tags: readonly string[] = [], children: readonly string[] = []): Entry => ({
  digest: sha(letter),
  tags,
  pushedAt: undefined,
  content: {
    kind: "index",
    artifactType: undefined,
    children: children.map((child) => ({ digest: sha(child), platform: "linux/amd64" })),
  },
});

const sources = (changes: object = {}) => ({
  stack: "dev",
  repository: "shop/ui",
  registries: ["localhost:5000", host],
  account: [],
  releases: [],
  contents: [image("1", ["v1", "latest"], ["a"]), image("2", ["v2"])],
  ...changes,
});

describe("the images of a repository that are in use", () => {
  const use = (reference: string, digest?: string) => ({
    reference,
    ...(digest === undefined ? {} : { digest }),
    where: "ecs other/service",
    why: "task of other:3",
  });

  it("are found under either name of the registry, whoever runs them", () => {
    for (const registry of ["localhost:5000", host]) {
      const set = inUseSet(sources({ account: [use(`${registry}/shop/ui@${sha("1")}`)] }));
      expect(set.get(sha("1"))?.[0]?.where).toBe("ecs other/service");
    }
  });

  it("are not those of another registry or repository", () => {
    const account = [use(`example.com/shop/ui@${sha("1")}`), use(`${host}/shop/uix@${sha("1")}`)];
    expect(inUseSet(sources({ account })).size).toBe(0);
  });

  it("a tag stands for the digest that is reported, else for the image it is on now", () => {
    const reported = inUseSet(sources({ account: [use(`${host}/shop/ui:latest`, sha("2"))] }));
    expect([...reported.keys()]).toEqual([sha("2")]);
    const looked = inUseSet(sources({ account: [use(`${host}/shop/ui`)] }));
    expect(looked.get(sha("1"))).toEqual([
      { where: "ecs other/service", why: "task of other:3, tag latest", certainty: "tag" },
    ]);
    expect(inUseSet(sources({ account: [use(`${host}/shop/ui:gone`)] })).size).toBe(0);
  });

  it("a mark is a use of its own only when nothing was seen running by that name", () => {
    const contents = [image("1", ["inuse-dev-ecs-shop.ui"]), image("2", ["lastgood-dev-ecs-shop.ui"])];
    const running = { ...use(`${host}/shop/ui@${sha("1")}`), where: "ecs shop/ui" };
    const set = inUseSet(sources({ contents, account: [running] }));
    expect(set.get(sha("1"))).toEqual([{ where: "ecs shop/ui", why: "task of other:3" }]);
    expect(set.get(sha("2"))).toEqual([
      { where: "dev-ecs-shop.ui", why: "marked as the last good image", certainty: "returns" },
    ]);
    expect(inUseSet(sources({ contents })).get(sha("1"))).toEqual([
      { where: "dev-ecs-shop.ui", why: "marked as running", certainty: "reported" },
    ]);
  });

  it("the tag on a release record marks no image", () => {
    expect(inUseSet(sources({ contents: [image("1", ["inuse-releases.dev"])] })).size).toBe(0);
  });

  it("what runs is known by digest", () => {
    expect(runningDigests(sources({ account: [use(`${host}/shop/ui:v2`)] }))).toEqual([sha("2")]);
  });
});

describe("releases keep", () => {
  const release = (id: string, letter: string, outcome: EarlierRelease["outcome"]): EarlierRelease => ({
    id,
    outcome,
    command: "deploy",
    at: "2026-05-01T12:00:00Z",
    image: sha(letter),
    manifests: {},
    tags: [],
  });

  it("the last successful one, and the one that a rollback goes back to", () => {
    const releases = [release("r3", "3", "failed"), release("r2", "2", "done"), release("r1", "1", "done")];
    expect(usesOfReleases("dev", releases, [sha("2")])).toEqual([
      {
        digest: sha("2"),
        where: "release r2 of dev",
        why: "the last successful release",
        certainty: "returns",
      },
      { digest: sha("1"), where: "release r1 of dev", why: "a rollback returns to it", certainty: "returns" },
    ]);
  });

  it("nothing before there is one", () => {
    expect(usesOfReleases("dev", [], [])).toEqual([]);
  });
});
