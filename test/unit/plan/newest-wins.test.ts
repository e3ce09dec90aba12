import { ECRClient } from "@aws-sdk/client-ecr";
import { describe, expect, test } from "vitest";
import type { Settings } from "../../../config/settings.ts";
import {
  type NewestWins,
  notAsked,
  refuseOlder,
  refuseOlderNow,
  runningRelease,
} from "../../../runner/plan/newest-wins.ts";
import { exitCodeOfProblems } from "../../../runner/plan/plan.ts";
import type { EarlierRelease, StoredRelease } from "../../../runner/release/record.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { answerNewestRecord, earlier, record } from "../release/releases.ts";
import { fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);

/** The registry has these releases, from now on. */
const holds = (stored: StoredRelease) => answerNewestRecord(ecr, stored);

const ours = { commit: "a".repeat(40), committedAt: new Date("2026-05-04T10:00:00Z") };
const newer = { commit: "b".repeat(40), committedAt: "2026-05-04T11:00:00.000Z" };
const older = { commit: "c".repeat(40), committedAt: "2026-05-04T09:00:00.000Z" };

/** The head of a service's releases: the first of them, with the others as its earlier ones. */
function releases(newest: Partial<EarlierRelease>, ...others: Partial<EarlierRelease>[]): StoredRelease {
  const { outcome = "done", commit, committedAt } = newest;
  const source = {
    ...(commit === undefined ? {} : { commit }),
    ...(committedAt === undefined ? {} : { committedAt }),
  };
  const before = others.map((one, index) => earlier(`release-${others.length - index}`, "1", one));
  return {
    record: record(`release-${others.length + 1}`, "1", { outcome, source, earlier: before }),
    digest: undefined,
  };
}

function wins(force = false, commit: typeof ours | undefined = ours) {
  const context = fakeContext();
  const settings = { stack: "dev" } as Settings;
  const session = { ...context, settings, directory: "/nowhere" };
  const notices = () => context.events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));
  const candidate = { commit, force, command: "deploy" } as const;
  return {
    check: (newestRecord: StoredRelease | undefined) =>
      refuseOlder(session, candidate, { service: "ui", newestRecord }),
    checkAgain: (earlier: NewestWins = notAsked(candidate)) =>
      refuseOlderNow(session, earlier, { service: "ui", repository: "shop/ui" }),
    notices,
  };
}

describe("an older commit", () => {
  test("is refused, with the release that is newer", async () => {
    const { problems } = await wins().check(releases(newer));
    expect(problems).toMatchObject([
      { code: "superseded", where: "ui on dev", message: expect.stringContaining("bbbbbbb") },
    ]);
    expect(exitCodeOfProblems(problems)).toBe(3);
  });

  test("is let through with --force, and that is said", async () => {
    expect(await wins(true).check(releases(newer))).toMatchObject({
      problems: [],
      notices: [expect.stringContaining("--force")],
    });
  });

  test("is refused when the newer one arrived while this run built or waited", async () => {
    const { check, checkAgain } = wins();
    const before = await check(releases(older));
    expect(before.problems).toEqual([]);
    holds(releases(newer, older));
    expect(await checkAgain(before)).toMatchObject({
      problems: [{ code: "superseded" }],
      gates: [{ verdict: "failed" }],
    });
  });

  test("is refused also where no target was to be moved when it was planned", async () => {
    holds(releases(newer));
    expect((await wins().checkAgain()).problems).toMatchObject([{ code: "superseded" }]);
  });
});

describe("nothing stands in the way", () => {
  test.each([
    ["when an older commit runs", releases(older), ours],
    ["when the same commit runs", releases({ ...newer, commit: ours.commit }), ours],
    ["when nothing was released yet", undefined, ours],
    ["when what runs is of no known commit", releases({ outcome: "found" }), ours],
    [
      "when the newer commit did not come to run",
      releases({ ...newer, outcome: "rolled back" }, older),
      ours,
    ],
    ["when the newer commit was gone back from", releases(older, newer, older), ours],
  ])("%s", async (_, found, commit) => {
    expect((await wins(false, commit).check(found)).problems).toEqual([]);
  });
});

test("outside of a repository nothing stands in the way", async () => {
  const session = { settings: { stack: "dev" } as Settings, directory: "/nowhere" };
  const candidate = { commit: undefined, force: false, command: "deploy" } as const;
  const found = { service: "ui", newestRecord: releases(newer) };
  expect(await refuseOlder(session, candidate, found)).toEqual(notAsked(candidate));
});

test("that it can't be told which is newer is said once", async () => {
  const { check, checkAgain, notices } = wins();
  const found = releases({ commit: newer.commit });
  const before = await check(found);
  expect(before).toMatchObject({ problems: [], notices: [expect.stringContaining("history does not show")] });
  holds(found);
  await checkAgain(before);
  expect(notices()).toEqual([]);
  await checkAgain();
  expect(notices()).toEqual(before.notices);
});

test("the release that runs is the newest one that succeeded", () => {
  expect(runningRelease("ui", releases({ ...newer, outcome: "failed" }, older))?.commit).toBe(older.commit);
  expect(runningRelease("ui", undefined)).toBeUndefined();
});

test("a refusal is one of usage as soon as anything else stands in the way, too", () => {
  const superseded = { code: "superseded", message: "" } as const;
  expect(exitCodeOfProblems([])).toBe(0);
  expect(exitCodeOfProblems([superseded, superseded])).toBe(3);
  expect(exitCodeOfProblems([superseded, { code: "tag-taken", message: "" }])).toBe(2);
});

describe("what newest wins said, for the record", () => {
  const said = async (found: StoredRelease | undefined, force = false) => {
    const { gates } = await wins(force).check(found);
    return gates.map(({ verdict, message }) => `${verdict}: ${message}`);
  };

  test.each([
    ["passed: newer than release", releases(older), false],
    ["passed: the same as release", releases({ ...newer, commit: ours.commit }), false],
    ["passed: no earlier release has a known commit", undefined, false],
    [
      "undecided: ui runs bbbbbbb; git history does not show whether aaaaaaa is newer",
      releases({ commit: newer.commit }),
      false,
    ],
    ["overridden: a newer commit is already deployed: bbbbbbb", releases(newer), true],
    ["failed: a newer commit is already deployed: bbbbbbb", releases(newer), false],
  ])("%s", async (text, found, force) => {
    expect(await said(found, force)).toEqual([expect.stringContaining(text)]);
  });
});

test("after a rollback the commit that was gone back to is the one that runs", async () => {
  const back = releases({ ...older, command: "rollback", backTo: "1" }, newer, older);
  // Newer than what runs now, though older than what was gone back from.
  expect((await wins().check(back)).problems).toEqual([]);
  const between = { commit: older.commit ?? "", committedAt: new Date(older.committedAt ?? "") };
  expect((await wins(false, between).check(back)).problems).toEqual([]);
  const stillOlder = { commit: "e".repeat(40), committedAt: new Date("2026-05-01T00:00:00Z") };
  expect((await wins(false, stillOlder).check(back)).problems).toMatchObject([{ code: "superseded" }]);
});
