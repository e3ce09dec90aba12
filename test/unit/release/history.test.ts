import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  findReleases,
  isImageOf,
  isProven,
  isSuccessful,
  lastSuccessful,
  unrecordedMove,
} from "../../../runner/release/history.ts";
import type { EarlierRelease } from "../../../runner/release/record.ts";
import { earlier, sha } from "./releases.ts";

const back = (releases: readonly EarlierRelease[], ...running: readonly string[]) =>
  lastSuccessful(releases, running)?.id;

describe("the last successful release before the one that runs", () => {
  it("is the one before, when all went well", () => {
    expect(back([earlier("3", "c"), earlier("2", "b"), earlier("1", "a")], sha("c"))).toBe("2");
  });

  it("passes over releases that failed, whatever their number", () => {
    const failed = { outcome: "failed" } as const;
    const releases = [
      earlier("4", "d"),
      earlier("3", "c", failed),
      earlier("2", "b", failed),
      earlier("1", "a"),
    ];
    expect(back(releases, sha("d"))).toBe("1");
  });

  it("counts from what runs, not from what was tried last", () => {
    const releases = [earlier("3", "c", { outcome: "rolled back" }), earlier("2", "b"), earlier("1", "a")];
    expect(back(releases, sha("b"))).toBe("1");
    // Without a circuit breaker the bad one still runs: then the way back is the one before it.
    expect(back([earlier("3", "c", { outcome: "failed" }), ...releases.slice(1)], sha("c"))).toBe("2");
  });

  it("passes over releases of the image that runs", () => {
    expect(back([earlier("3", "b"), earlier("2", "b"), earlier("1", "a")], sha("b"))).toBe("1");
  });

  it("goes back further after a rollback, and not to what was gone back from", () => {
    const releases = [
      earlier("4", "b", { command: "rollback", backTo: "2" }),
      earlier("3", "c"),
      earlier("2", "b"),
      earlier("1", "a"),
    ];
    expect(back(releases, sha("b"))).toBe("1");
    const forward = [earlier("5", "e"), ...releases];
    expect(back(forward, sha("e"))).toBe("2");
  });

  it("knows what runs by one platform of it, as a function does", () => {
    const releases = [earlier("2", "b", { manifests: { "linux/amd64": sha("f") } }), earlier("1", "a")];
    expect(back(releases, sha("f"))).toBe("1");
  });

  it("is the newest successful one when nothing that runs was ever released", () => {
    expect(back([earlier("2", "b", { outcome: "failed" }), earlier("1", "a")], sha("9"))).toBe("1");
  });

  it("is the one that some targets run already, where others run a later one", () => {
    const releases = [earlier("3", "c", { outcome: "failed" }), earlier("2", "b"), earlier("1", "a")];
    expect(back(releases, sha("c"), sha("b"))).toBe("2");
    // A rollback that was killed between two targets.
    expect(back([earlier("3", "c"), ...releases.slice(1)], sha("b"), sha("c"))).toBe("2");
  });

  it("is none at the first release", () => {
    expect(back([earlier("1", "a")], sha("a"))).toBeUndefined();
    expect(back([], sha("a"))).toBeUndefined();
  });

  it("is always successful, of another image, and older than what runs", () => {
    const letters = fc.constantFrom("a", "b", "c", "d");
    const outcomes = fc.constantFrom("done", "failed", "rolled back", "cancelled", "found") as fc.Arbitrary<
      EarlierRelease["outcome"]
    >;
    const histories = fc
      .array(fc.record({ letter: letters, outcome: outcomes, back: fc.option(fc.nat(5)) }), { maxLength: 12 })
      .map((all) =>
        // From the oldest on: a rollback has the image of the release that it goes back to.
        all.reduceRight<EarlierRelease[]>((after, { letter, outcome, back: steps }, index) => {
          const to = steps === null ? undefined : after[steps];
          const rollback = to === undefined ? {} : { backTo: to.id, image: to.image };
          after.unshift(earlier(String(index), letter, { outcome, ...rollback }));
          return after;
        }, []),
      );
    fc.assert(
      fc.property(histories, letters, (releases, letter) => {
        const found = lastSuccessful(releases, [sha(letter)]);
        if (found === undefined) return;
        expect(isImageOf(found, sha(letter))).toBe(false);
        expect(releases.filter(isSuccessful).map(({ image }) => image)).toContain(found.image);
        const current = releases.findIndex((release) => isImageOf(release, sha(letter)));
        expect(releases.indexOf(found)).toBeGreaterThan(current);
      }),
    );
  });
});

describe("a move that no release tells of", () => {
  const releases = [earlier("3", "c"), earlier("2", "b", { outcome: "failed" }), earlier("1", "a")];

  it("is the release that everything runs, when another was the last to end well", () => {
    expect(unrecordedMove(releases, [sha("a")])?.id).toBe("1");
    expect(unrecordedMove(releases, [sha("c")])).toBeUndefined();
    expect(unrecordedMove(releases, [sha("c"), sha("a")])).toBeUndefined();
    expect(unrecordedMove(releases, [sha("a"), sha("9")])).toBeUndefined();
  });

  it("is none when what runs never ran well, was never released, or nothing does", () => {
    expect(unrecordedMove(releases, [sha("b")])).toBeUndefined();
    expect(unrecordedMove(releases, [sha("9")])).toBeUndefined();
    expect(unrecordedMove(releases, [])).toBeUndefined();
    expect(unrecordedMove([], [sha("a")])).toBeUndefined();
  });
});

describe("an image that is proven", () => {
  it("is that of the last release that succeeded", () => {
    expect(isProven([earlier("2", "b"), earlier("1", "a")], sha("b"))).toBe(true);
    expect(isProven([earlier("2", "b"), earlier("1", "a")], sha("a"))).toBe(false);
    expect(isProven([earlier("2", "b", { outcome: "found" })], sha("b"))).toBe(true);
    expect(isProven([], sha("b"))).toBe(false);
  });

  it("stays so when another image failed after it, and not when it failed itself", () => {
    const failed = { outcome: "failed" } as const;
    expect(isProven([earlier("2", "c", failed), earlier("1", "b")], sha("b"))).toBe(true);
    expect(isProven([earlier("2", "b", failed), earlier("1", "b")], sha("b"))).toBe(false);
    expect(isProven([earlier("2", "b", { outcome: "cancelled" }), earlier("1", "a")], sha("b"))).toBe(false);
  });
});

describe("finding a release", () => {
  const releases = [
    earlier("20261125-100000-aaaaaa", "c", { tags: ["v2", "latest"], commit: "abcdef0123456789" }),
    earlier("20261124-100000-bbbbbb", "b", { tags: ["v1", "latest"], commit: "1234567890abcdef" }),
    earlier("20261123-100000-cccccc", "b", { tags: ["v1"], commit: "1234567890abcdef" }),
  ];
  it.each([
    ["20261124-100000-bbbbbb", ["20261124-100000-bbbbbb"]],
    ["20261125", ["20261125-100000-aaaaaa"]],
    ["v2", ["20261125-100000-aaaaaa"]],
    ["v1", ["20261124-100000-bbbbbb", "20261123-100000-cccccc"]],
    ["abcdef0", ["20261125-100000-aaaaaa"]],
    [sha("c"), ["20261125-100000-aaaaaa"]],
    ["cccccccc", ["20261125-100000-aaaaaa"]],
    ["v3", []],
    ["2026", []],
  ])("by %s", (text, ids) => {
    expect(findReleases(releases, text).map(({ id }) => id)).toEqual(ids);
  });
});
