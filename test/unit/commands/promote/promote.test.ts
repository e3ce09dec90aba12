import { describe, expect, it } from "vitest";
import { slipwaySchema } from "../../../../config/settings.ts";
import { awsSchema } from "../../../../config/stack/provider.ts";
import { choosePromoted } from "../../../../runner/commands/promote/choose.ts";
import { describeCopied } from "../../../../runner/commands/promote/copy.ts";
import { sourceOfPromoted, tagsOfPromoted } from "../../../../runner/commands/promote/source.ts";
import type { Revision } from "../../../../runner/git/revision.ts";
import { showTagged } from "../../../../runner/move/show.ts";
import { earlier, sha } from "../../release/releases.ts";

const releases = [
  earlier("20261125-100000-cccccc", "c", { outcome: "rolled back", tags: ["v3"] }),
  earlier("20261124-100000-bbbbbb", "b", { tags: ["v2"] }),
  earlier("20261123-100000-aaaaaa", "a", { tags: ["v1"] }),
];

const choose = (running: readonly string[], release?: string, unproven = false) =>
  choosePromoted(
    { service: { name: "ui" }, repository: "dev/ui", releases, running },
    { release, unproven },
    "dev",
  );

describe("choosing what is promoted", () => {
  it("takes what runs, or the release that is named", () => {
    expect(choose([sha("b")])).toMatchObject({ id: "20261124-100000-bbbbbb" });
    expect(choose([sha("b")], "v1")).toMatchObject({ id: "20261123-100000-aaaaaa" });
  });

  it("refuses an image that never ran well, unless told", () => {
    expect(choose([sha("b")], "v3")).toMatchObject({
      code: "unproven",
      message: "this image of ui has no successful release on dev (rolled back)",
      fix: expect.stringContaining("20261124-100000-bbbbbb (v2)") as string,
    });
    expect(choose([sha("c")])).toMatchObject({ code: "unproven" });
    expect(choose([sha("b")], "v3", true)).toMatchObject({ id: "20261125-100000-cccccc" });
  });

  it("refuses what is no release", () => {
    expect(choose([sha("9")])).toMatchObject({ code: "no-release" });
    expect(choose([sha("b")], "v9", true)).toMatchObject({ code: "unknown-release", value: "v9" });
  });
});

describe("choosing by the source here", () => {
  const of = (sourceHash: string, unproven = false) =>
    choosePromoted(
      {
        service: { name: "ui" },
        repository: "dev/ui",
        releases: [
          earlier("20261125-110000-dddddd", "d", { sourceHash: "new", outcome: "failed" }),
          earlier("20261125-100000-cccccc", "c", { sourceHash: "old", outcome: "rolled back" }),
          earlier("20261124-100000-bbbbbb", "b", { sourceHash: "old" }),
        ],
        running: [],
      },
      { release: undefined, sourceHash, unproven },
      "dev",
    );

  it("takes the release of this very source that ended well, whatever runs now", () => {
    expect(of("old")).toMatchObject({ id: "20261124-100000-bbbbbb" });
  });

  it("refuses a source that failed there, unless told, and one that was never there in any case", () => {
    expect(of("new")).toMatchObject({ code: "unproven", value: "20261125-110000-dddddd" });
    expect(of("new", true)).toMatchObject({ id: "20261125-110000-dddddd" });
    for (const unproven of [false, true]) {
      expect(of("other", unproven)).toMatchObject({
        code: "not-deployed",
        value: "src-other",
        fix: expect.stringContaining("slipway deploy ui --stack dev") as string,
      });
    }
  });
});

describe("what a promoted image is called and recorded as", () => {
  const settings = { ...slipwaySchema.parse({ tags: ["prod-{sha7}", "v{semver}"] }), stack: "prod" };
  const prod = { ...settings, aws: awsSchema.parse({ region: "eu-west-1" }) };
  const release = earlier("20261124-100000-bbbbbb", "b", {
    sourceHash: "0123456789abcdef",
    commit: "a".repeat(40),
    committedAt: "2026-11-24T09:00:00.000Z",
    tags: ["dev-aaaaaaa", "v1.0.0"],
  });
  const revision: Revision = {
    commit: "b".repeat(40),
    committedAt: new Date("2026-11-25T09:00:00.000Z"),
    branch: undefined,
    mainBranch: "main",
    pullRequest: undefined,
    tagsHere: ["v1.2.3"],
    versionTags: ["v1.2.3"],
    isShallow: false,
  };
  const from = { release, record: undefined, checkedOut: undefined, version: undefined };
  const checkedOut = { revision, hashes: new Map(), uncommitted: new Set<string>() };

  it("goes by the commit and the version of the release", () => {
    expect(tagsOfPromoted(prod, "ui", from).tags).toEqual(["prod-aaaaaaa", "v1.0.0"]);
    expect(tagsOfPromoted(prod, "ui", { ...from, version: "v2.0.0" }).tags).toEqual([
      "prod-aaaaaaa",
      "v2.0.0",
    ]);
    expect(sourceOfPromoted("ui", from)).toEqual({
      hash: "0123456789abcdef",
      commit: "a".repeat(40),
      committedAt: "2026-11-24T09:00:00.000Z",
    });
  });

  it("goes by the commit that is checked out, where that is what was asked for", () => {
    expect(tagsOfPromoted(prod, "ui", { ...from, checkedOut }).tags).toEqual(["prod-bbbbbbb", "v1.2.3"]);
    expect(sourceOfPromoted("ui", { ...from, checkedOut })).toEqual({
      hash: "0123456789abcdef",
      commit: "b".repeat(40),
      committedAt: "2026-11-25T09:00:00.000Z",
      dirty: false,
    });
    const changed = { ...checkedOut, uncommitted: new Set(["ui"]) };
    expect(tagsOfPromoted(prod, "ui", { ...from, checkedOut: changed }).tags).toEqual([
      "prod-bbbbbbb-dirty-01234567",
      "v1.2.3-dirty-01234567",
    ]);
    expect(tagsOfPromoted(prod, "orders", { ...from, checkedOut: changed }).tags).toContain("v1.2.3");
    expect(sourceOfPromoted("ui", { ...from, checkedOut: changed })).toMatchObject({ dirty: true });
  });

  it("goes by the release outside of git", () => {
    const bare = { ...checkedOut, revision: undefined };
    expect(tagsOfPromoted(prod, "ui", { ...from, checkedOut: bare }).tags).toEqual([
      "prod-aaaaaaa",
      "v1.0.0",
    ]);
  });
});

describe("what was copied", () => {
  it("is told with the tags that it has where it went", () => {
    const copied = [
      { service: "ui", tags: ["v1.2.3", "latest"] },
      { service: "cart", tags: [] },
      { service: "orders", tags: ["v1.2.3"] },
    ];
    expect(showTagged("prod", copied)).toEqual(["Tags on prod: ui v1.2.3, latest; orders v1.2.3"]);
    expect(showTagged("prod", [])).toEqual([]);
  });

  it("is told in one line", () => {
    const none = { manifests: 0, referrers: 0, mounted: 0, uploaded: 0, uploadedBytes: 0 };
    expect(describeCopied(none)).toBe("already there");
    expect(
      describeCopied({ manifests: 3, referrers: 1, mounted: 2, uploaded: 4, uploadedBytes: 5_000_000 }),
    ).toBe("3 manifests, 1 referrers, 2 blobs mounted, 4 uploaded (5 MB)");
  });
});
