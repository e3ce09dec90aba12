import { describe, expect, test } from "vitest";
import type { CleanupRepository, CleanupRules } from "../../../../lifecycle/cleanup/model.ts";
import { planCleanup } from "../../../../lifecycle/cleanup/plan.ts";
import { daysAgo } from "../arbitrary.ts";
import { artifact, image, index, repository, rules, sha } from "./samples.ts";

/** Names of what goes, by the names that were used. */
function plan(one: CleanupRepository, names: readonly string[], more: Partial<CleanupRules> = {}) {
  const found = planCleanup([one], rules(more));
  const nameOf = (digest: string) => names.find((name) => sha(name) === digest) ?? digest;
  return {
    going: found.removals.map(({ image }) => nameOf(image.digest)).toSorted(),
    kinds: Object.fromEntries(found.removals.map(({ image, kind }) => [nameOf(image.digest), kind])),
    kept: Object.fromEntries(found.kept.map(({ image, reason }) => [nameOf(image.digest), reason])),
    removals: found.removals,
    repositories: found.repositories,
    freed: [...found.freed.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

describe("what goes", () => {
  test("an untagged index with its platforms, and what is attached to any of them", () => {
    const images = [
      index("old", ["amd64", "arm64"]),
      image("amd64"),
      image("arm64"),
      artifact("signature", "old"),
      artifact("sbom of amd64", "amd64"),
      artifact("signature of the sbom", "sbom of amd64"),
    ];
    const names = ["old", "amd64", "arm64", "signature", "sbom of amd64", "signature of the sbom"];
    const { going, kinds, removals } = plan(repository(images), names);
    expect(going).toEqual(names.toSorted());
    expect(new Set(Object.values(kinds))).toEqual(new Set(["untagged"]));
    const waves = new Map(removals.map(({ image, wave }) => [image.digest, wave]));
    const goesFirst = (first: string, then: string) =>
      expect(waves.get(sha(first)), `${first} before ${then}`).toBeLessThan(waves.get(sha(then)) as number);
    goesFirst("old", "amd64");
    goesFirst("signature", "old");
    goesFirst("signature of the sbom", "sbom of amd64");
    goesFirst("sbom of amd64", "amd64");
  });

  test("S3's naive clean-up: what is untagged and a platform of a live index never does", () => {
    // The recipe deletes all that `--filter tagStatus=UNTAGGED` lists.
    const images = [
      index("v1", ["amd64", "arm64"], { tags: ["v1"] }),
      image("amd64"),
      image("arm64"),
      image("lone"),
    ];
    expect(plan(repository(images), ["v1", "amd64", "arm64", "lone"]).going).toEqual(["lone"]);
  });

  test("not a platform that another index lists as well", () => {
    const images = [
      index("old", ["shared", "only old"]),
      index("new", ["shared"], { tags: ["latest"] }),
      image("shared"),
      image("only old"),
    ];
    expect(plan(repository(images), ["old", "shared", "only old", "new"]).going).toEqual(
      ["old", "only old"].toSorted(),
    );
  });

  test("a half-done push: a manifest of Slipway's whose index never came", () => {
    const images = [
      image("half", { builtFrom: "aaaa" }),
      image("replaced", { builtFrom: "bbbb" }),
      image("other", { tags: ["src-bbbb"] }),
    ];
    const { kinds } = plan(repository(images), ["half", "replaced", "other"]);
    expect(kinds).toEqual({ half: "incomplete", replaced: "untagged" });
  });

  test("evidence whose subject is gone, under a tag as well, and what is attached to it", () => {
    const images = [
      artifact("orphan", "gone"),
      artifact("of the orphan", "orphan"),
      image("cosign", { tags: [`${sha("gone").replace(":", "-")}.sig`] }),
      index("list", ["orphan"], { tags: [sha("gone").replace(":", "-")] }),
      artifact("named", "gone", { tags: ["keep-me"] }),
      image("v1", { tags: ["v1"] }),
      artifact("signature", "v1"),
      image("cosign of v1", { tags: [`${sha("v1").replace(":", "-")}.sig`] }),
    ];
    const names = ["orphan", "of the orphan", "cosign", "list", "named", "v1", "signature", "cosign of v1"];
    expect(plan(repository(images), names).going).toEqual(["cosign", "list", "of the orphan", "orphan"]);
  });

  test("old caches, tagged or not", () => {
    const type = "application/vnd.buildkit.cacheconfig.v0";
    const images = [
      image("stale", { type, tags: ["ui-linux-amd64"] }),
      image("replaced", { type }),
      image("fresh", { type, tags: ["cart-linux-amd64"], pushedAt: daysAgo(1) }),
    ];
    const { going, kept } = plan(repository(images), ["stale", "replaced", "fresh"]);
    expect(going).toEqual(["replaced", "stale"]);
    expect(kept).toEqual({ fresh: "pushed less than 7 days ago" });
  });

  test("images of closed pull requests, and of no others", () => {
    const images = [
      image("closed", { tags: ["pr-1", "src-aa"] }),
      image("merged", { tags: ["pr-2", "v2", "src-bb"] }),
      image("unknown", { tags: ["pr-100"] }),
      image("open", { tags: ["pr-3", "pr-4"] }),
      image("source", { tags: ["src-cc"] }),
    ];
    const { going, kept } = plan(repository(images), ["closed", "merged", "unknown", "open", "source"], {
      stateOf: (number) => (number === 100 ? "unknown" : number === 4 ? "open" : "closed"),
    });
    expect(going).toEqual(["closed"]);
    expect(kept).toEqual({ open: "#4 is open", unknown: "GitHub did not say whether #100 is closed" });
  });

  test("records of removed services, and no other stack's or service's", () => {
    const record = (name: string, service: string, tags: string[]) =>
      image(name, {
        type: "application/vnd.slipway.release.v1+json",
        tags,
        recordOf: { stack: "dev", service },
      });
    const images = [
      record("of old", "old", ["inuse-releases.dev"]),
      record("of ui", "ui", ["inuse-releases.prod"]),
      record("named", "old", ["inuse-releases.x", "mine"]),
      image("retired", { type: "application/vnd.slipway.retired.v1", tags: ["inuse-dev-ecs-a.b"] }),
    ];
    const { kinds } = plan(repository(images), ["of old", "of ui", "named", "retired"]);
    expect(kinds).toEqual({ "of old": "records", retired: "records" });
  });

  test("only what is of a selected kind", () => {
    const images = [image("lone"), artifact("orphan", "gone")];
    expect(plan(repository(images), ["lone", "orphan"], { kinds: ["evidence"] }).going).toEqual(["orphan"]);
  });

  test("as many bytes as no image that stays has", () => {
    const base = { digest: "base", bytes: 1000 };
    const images = [
      image("one", { blobs: [base, { digest: "one", bytes: 10 }] }),
      image("two", { blobs: [base, { digest: "one", bytes: 10 }, { digest: "two", bytes: 5 }] }),
      image("v1", { tags: ["v1"], blobs: [base] }),
    ];
    expect(plan(repository(images), []).freed).toBe(15);
  });
});

describe("what stays", () => {
  const lone = [image("lone")];

  test("what something needs, its index and all that hangs on it", () => {
    const images = [
      index("i", ["amd64", "arm64"]),
      image("amd64"),
      image("arm64"),
      artifact("signature", "i"),
    ];
    const { going, kept } = plan(repository(images, ["amd64"]), ["i", "amd64", "arm64", "signature"]);
    expect(going).toEqual([]);
    expect(kept).toEqual({ i: `it lists ${sha("amd64")}, which is in use` });
  });

  test("the image that something attached to it keeps: ECR deletes artifacts with their subject", () => {
    const images = [image("lone"), artifact("report", "lone", { tags: ["audit-2026"] })];
    expect(plan(repository(images), []).going).toEqual([]);
  });

  test("the newest images", () => {
    const images = [1, 2, 3].map((age) => image(`of ${age}`, { pushedAt: daysAgo(age * 30) }));
    const { going, kept } = plan(repository(images), ["of 1", "of 2", "of 3"], { keepNewest: 2 });
    expect(going).toEqual(["of 3"]);
    expect(kept["of 1"]).toBe("one of the 2 newest images");
  });

  test("what was pushed within the days of grace, by the push or the restoration", () => {
    const images = [image("young", { pushedAt: daysAgo(6) }), image("restored", { activatedAt: daysAgo(2) })];
    expect(plan(repository(images), []).going).toEqual([]);
  });

  test("what was ever pulled, as long as somewhere was not looked", () => {
    const pulled = index("i", ["amd64"]);
    const images = [pulled, image("amd64", { pulledAt: daysAgo(50) }), image("never")];
    const blind = { blindSpots: ["Kubernetes clusters"] };
    const { going, kept } = plan(repository(images), ["i", "never"], blind);
    expect(going).toEqual(["never"]);
    expect(kept.i).toMatch(/^last pulled on \d{4}-\d\d-\d\d, and it may run where nobody looked$/);
    expect(plan(repository(images), []).going).toHaveLength(3);
  });

  test("what was pulled since the plan, whatever was accepted", () => {
    const images = [image("lone", { pulledAt: daysAgo(0.01) })];
    expect(plan(repository(images), [], { pulledSince: daysAgo(0.02) }).going).toEqual([]);
    expect(plan(repository(images), ["lone"], { pulledSince: daysAgo(0.005) }).going).toEqual(["lone"]);
  });

  test("every image when what runs could not be read; what nothing can run goes all the same", () => {
    const images = [...lone, artifact("orphan", "gone")];
    const { going, kept } = plan(repository(images), ["lone", "orphan"], { isAccountUnseen: true });
    expect(going).toEqual(["orphan"]);
    expect(kept).toEqual({ lone: "what runs in the account could not be read" });
  });

  test("everything of a repository with a manifest that can't be read: it may be an index", () => {
    const images = [...lone, image("archived", { kind: "unknown", type: "", archivedAt: daysAgo(5) })];
    const { going, kept } = plan(repository(images), ["lone"]);
    expect(going).toEqual([]);
    expect(kept.lone).toBe(`${sha("archived")} can't be read, and may be an index that lists it`);
  });
});

describe("the repository of a removed service", () => {
  const images = [index("v1", ["amd64"], { tags: ["v1", "inuse-dev-ecs-shop.old"] }), image("amd64")];

  test("goes with all that it holds, the index first", () => {
    const { removals, repositories } = plan(repository(images, [], true), []);
    expect(removals.map(({ image, kind }) => [image.digest, kind])).toEqual([
      [sha("v1"), "repositories"],
      [sha("amd64"), "repositories"],
    ]);
    expect(repositories).toEqual(["shop/ui"]);
  });

  test.each<[string, CleanupRepository, Partial<CleanupRules>]>([
    ["something runs one of its images", repository(images, ["amd64"], true), {}],
    [
      "one was pushed within the days of grace",
      repository([...images, image("x", { pushedAt: daysAgo(1) })], [], true),
      {},
    ],
    ["one can't be read", repository([...images, image("x", { kind: "unknown" })], [], true), {}],
    ["the account could not be read", repository(images, [], true), { isAccountUnseen: true }],
    [
      "one may run where nobody looked",
      repository([...images, image("x", { pulledAt: daysAgo(40) })], [], true),
      { blindSpots: ["other regions"] },
    ],
  ])("stays whole when %s", (_what, one, more) => {
    const { going, repositories } = plan(one, [], more);
    expect([going, repositories]).toEqual([[], []]);
  });
});
