import { describe, expect, it } from "vitest";
import { choosePromoted, describeCopied } from "../../../runner/deploy/promote.ts";
import { earlier, sha } from "../release/releases.ts";

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
      message: "this image of ui never ran well on dev (rolled back)",
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

describe("what was copied", () => {
  it("is told in one line", () => {
    const none = { manifests: 0, referrers: 0, mounted: 0, uploaded: 0, uploadedBytes: 0 };
    expect(describeCopied(none)).toBe("it is there already");
    expect(
      describeCopied({ manifests: 3, referrers: 1, mounted: 2, uploaded: 4, uploadedBytes: 5_000_000 }),
    ).toBe("3 manifests, 1 referrers, 2 blobs mounted, 4 uploaded (5 MB)");
  });
});
