import { BatchGetImageCommand, ECRClient } from "@aws-sdk/client-ecr";
import { mockClient } from "aws-sdk-client-mock";
import { describe, expect, test } from "vitest";
import type { Settings } from "../../../config/stack/settings.ts";
import { newestWins, runningRelease } from "../../../runner/plan/newest-wins.ts";
import { exitCodeOfProblems } from "../../../runner/plan/plan.ts";
import { artifactManifest } from "../../../runner/registry/artifact.ts";
import { blobOf } from "../../../runner/registry/push.ts";
import { type EarlierRelease, releaseType, type StoredRelease } from "../../../runner/release/record.ts";
import { earlier, record } from "../release/releases.ts";
import { fakeContext } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);

/** The registry has these releases, from now on. */
function holds({ record: newest }: StoredRelease): void {
  const content = blobOf(releaseType, JSON.stringify(newest));
  const { text, digest } = artifactManifest({ artifactType: releaseType, content, annotations: {} });
  ecr
    .on(BatchGetImageCommand)
    .resolves({ images: [{ imageId: { imageDigest: digest }, imageManifest: text }] });
}

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
  return { newest: newestWins(session, commit, { force }), notices };
}

const service = { service: "ui", repository: "shop/ui" };

describe("an older commit", () => {
  test("is refused, with the release that is newer", async () => {
    const { newest } = wins();
    const problems = await newest.check([{ ...service, head: releases(newer) }]);
    expect(problems).toMatchObject([
      { code: "superseded", where: "ui on dev", message: expect.stringContaining("bbbbbbb") },
    ]);
    expect(exitCodeOfProblems(problems)).toBe(3);
  });

  test("is let through with --force, and that is said", async () => {
    const { newest, notices } = wins(true);
    expect(await newest.check([{ ...service, head: releases(newer) }])).toEqual([]);
    expect(notices()).toEqual([expect.stringContaining("--force")]);
  });

  test("is refused when the newer one arrived while this run built or waited", async () => {
    const { newest } = wins();
    expect(await newest.check([{ ...service, head: releases(older) }])).toEqual([]);
    holds(releases(newer, older));
    expect(await newest.checkAgain([service])).toMatchObject([{ code: "superseded" }]);
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
    const { newest } = wins(false, commit);
    expect(await newest.check([{ ...service, head: found }])).toEqual([]);
  });
});

test("outside of a repository nothing stands in the way", async () => {
  const { settings, ...session } = { ...fakeContext(), settings: { stack: "dev" } as Settings };
  const newest = newestWins({ ...session, settings, directory: "/nowhere" }, undefined, { force: false });
  expect(await newest.check([{ ...service, head: releases(newer) }])).toEqual([]);
});

test("that it can't be told which is newer is said once", async () => {
  const { newest, notices } = wins();
  const found = { ...service, head: releases({ commit: newer.commit }) };
  expect(await newest.check([found])).toEqual([]);
  await newest.check([found]);
  expect(notices()).toEqual([expect.stringContaining("can't be told")]);
});

test("the release that runs is the newest one that ended well", () => {
  expect(runningRelease("ui", releases({ ...newer, outcome: "failed" }, older))?.commit).toBe(older.commit);
  expect(runningRelease("ui", undefined)).toBeUndefined();
});

test("a refusal is one of usage as soon as anything else stands in the way, too", () => {
  const superseded = { code: "superseded", message: "" };
  expect(exitCodeOfProblems([])).toBe(0);
  expect(exitCodeOfProblems([superseded, superseded])).toBe(3);
  expect(exitCodeOfProblems([superseded, { code: "tag-taken", message: "" }])).toBe(2);
});

describe("what newest wins said, for the record", () => {
  const said = async (found: StoredRelease | undefined, force = false) => {
    const { newest } = wins(force);
    expect(newest.gates("ui")).toEqual([]);
    await newest.check([{ ...service, head: found }]);
    return newest.gates("ui").map(({ verdict, message }) => `${verdict}: ${message}`);
  };

  test.each([
    ["passed: newer than release", releases(older), false],
    ["passed: the same as release", releases({ ...newer, commit: ours.commit }), false],
    ["passed: no release of a known commit was there", undefined, false],
    [
      "undecided: ui runs bbbbbbb; whether aaaaaaa is newer can't be told",
      releases({ commit: newer.commit }),
      false,
    ],
    ["overridden: a newer commit is deployed already: bbbbbbb", releases(newer), true],
    ["failed: a newer commit is deployed already: bbbbbbb", releases(newer), false],
  ])("%s", async (text, found, force) => {
    expect(await said(found, force)).toEqual([expect.stringContaining(text)]);
  });
});

test("after a rollback the commit that was gone back to is the one that runs", async () => {
  const back = releases({ ...older, command: "rollback", backTo: "1" }, newer, older);
  const { newest } = wins();
  // Newer than what runs now, though older than what was gone back from.
  expect(await newest.check([{ ...service, head: back }])).toEqual([]);
  const between = { commit: older.commit ?? "", committedAt: new Date(older.committedAt ?? "") };
  expect(await wins(false, between).newest.check([{ ...service, head: back }])).toEqual([]);
  const stillOlder = { commit: "e".repeat(40), committedAt: new Date("2026-05-01T00:00:00Z") };
  expect(await wins(false, stillOlder).newest.check([{ ...service, head: back }])).toMatchObject([
    { code: "superseded" },
  ]);
});
