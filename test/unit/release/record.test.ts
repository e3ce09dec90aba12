import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeRecord, ranLast } from "../../../runner/release/make.ts";
import {
  appendEarlier,
  mostEarlier,
  outcomeOfTargets,
  releaseId,
  releaseRecordSchema,
} from "../../../runner/release/record.ts";
import { earlier, record, sha } from "./releases.ts";

const target = (previous: string | undefined) => ({
  kind: "ecs",
  title: "ecs shop/ui",
  outcome: "done",
  message: "ui:2 runs",
  details: {},
  ...(previous === undefined ? {} : { previous }),
});

describe("a release record", () => {
  it("carries the releases before it along, the newest first", () => {
    const first = makeRecord(record("1", "a"), undefined);
    const second = makeRecord(record("2", "b"), { record: first, digest: sha("1") });
    const third = makeRecord(record("3", "c"), { record: second, digest: sha("2") });
    expect(third.earlier).toMatchObject([
      { id: "2", image: sha("b"), record: sha("2"), commit: "abcdef0123456789", tags: ["v1"] },
      { id: "1", image: sha("a"), record: sha("1") },
    ]);
    expect(releaseRecordSchema.parse(JSON.parse(JSON.stringify(third)))).toEqual(third);
  });

  it("remembers what it found running, which nobody had recorded", () => {
    const previous = `host/shop/ui@${sha("7")}`;
    const made = makeRecord(record("1", "a", { targets: [target(previous), target(previous)] }), undefined);
    expect(made.earlier).toMatchObject([{ outcome: "found", image: sha("7") }]);
    const head = { record: record("0", "7"), digest: undefined };
    expect(makeRecord(record("1", "a", { targets: [target(previous)] }), head).earlier).toMatchObject([
      { id: "0", outcome: "done" },
    ]);
  });

  it("finds nothing in another repository, in a tag, or in itself", () => {
    const made = (previous: string) =>
      makeRecord(record("1", "a", { targets: [target(previous)] }), undefined).earlier;
    expect(made(`host/other@${sha("7")}`)).toEqual([]);
    expect(made("host/shop/ui:v1")).toEqual([]);
    expect(made(`host/shop/ui@${sha("a")}`)).toEqual([]);
    expect(made(`host/shop/ui@${sha("0")}`)).toEqual([]);
  });

  it("keeps the newest fifty, each once, in their order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(80), { maxLength: 120 }), (ids) => {
        const head = record("head", "a", { earlier: ids.map((id) => earlier(String(id), "b")) });
        const kept = appendEarlier({ record: head, digest: undefined }).map(({ id }) => id);
        const expected = ["head", ...new Set(ids.map(String))].slice(0, mostEarlier);
        expect(kept).toEqual(expected);
      }),
    );
  });

  it("says whether the newest success is what runs", () => {
    expect(ranLast([earlier("2", "b", { outcome: "rolled back" }), earlier("1", "a")], sha("a"))).toBe(true);
    expect(ranLast([earlier("2", "b", { outcome: "cancelled" }), earlier("1", "a")], sha("b"))).toBe(false);
    expect(ranLast([], sha("a"))).toBe(false);
  });
});

describe("the outcome of a release", () => {
  it.each([
    [["done", "unchanged"], "done"],
    [["done", "failed", "rolled back"], "failed"],
    [["done", "rolled back"], "rolled back"],
    [["done", "not started"], "cancelled"],
    [["cancelled"], "cancelled"],
    [["unchanged", "unchanged"], undefined],
    [["not started"], undefined],
    [[], undefined],
  ])("of %j is %s", (outcomes, expected) => {
    expect(outcomeOfTargets(outcomes)).toBe(expected);
  });
});

describe("a release's id", () => {
  it("tells when, in UTC, and sorts by it", () => {
    expect(releaseId(new Date("2026-11-25T14:30:15.999Z"), 0.5)).toBe("20261125-143015-800000");
    expect(releaseId(new Date("2026-11-25T14:30:15Z"), 0)).toBe("20261125-143015-000000");
    expect(releaseId(new Date(0), 0.999_999_999)).toMatch(/-ffffff$/);
  });
});
