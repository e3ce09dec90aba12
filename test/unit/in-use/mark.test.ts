import { beforeEach, describe, expect, test } from "vitest";
import { putKeepTags } from "../../../runner/in-use/mark.ts";
import { retiredType } from "../../../runner/in-use/retired.ts";
import type { TargetMove } from "../../../runner/move/target.ts";
import { artifactManifest, emptyBlob } from "../../../runner/registry/artifact.ts";
import type { RunEvent } from "../../../runner/report/events.ts";
import type { Session } from "../../../runner/session/session.ts";
import type { TargetOutcome, TargetPlan } from "../../../runner/targets/target.ts";
import { outcome, targetPlan } from "../plan/samples.ts";
import { type FakeRegistry, fakeRegistry, indexOf, platformManifest } from "../registry/fake-registry.ts";
import { ecrOnly } from "../registry/fixtures.ts";

const inUse = "inuse-dev-ecs-shop.ui";
const lastGood = "lastgood-dev-ecs-shop.ui";
let registry: FakeRegistry;
let events: RunEvent[];
let first: string;
let second: string;

beforeEach(() => {
  registry = fakeRegistry("shop/ui");
  events = [];
  first = pushImage("1");
  second = pushImage("2");
});

function pushImage(content: string): string {
  return registry.push(indexOf({ "linux/amd64": registry.push(platformManifest({ [content]: 1 })) }));
}

function session(signal = new AbortController().signal): Session {
  return {
    clients: ecrOnly(),
    settings: { stack: "dev" },
    emit: (event: RunEvent) => events.push(event),
    signal,
  } as unknown as Session;
}

function move(digest: string, changes: Partial<TargetPlan> = {}): TargetMove {
  const image = { service: "ui", repository: "shop/ui", registry: "localhost:5000", digest, manifests: {} };
  return { image, plan: targetPlan("ui", { action: "update", ...changes }) };
}

const keep = (moves: readonly TargetMove[], how: Partial<TargetOutcome> = {}) =>
  putKeepTags(session(), moves, [outcome("ui", how)]);

describe("what runs is marked in the registry", () => {
  test("anew after its tag was taken off an image: what that is on now is no last good one", async () => {
    const retired = registry.push(
      JSON.parse(artifactManifest({ artifactType: retiredType, content: emptyBlob, annotations: {} }).text),
      inUse,
    );
    await keep([move(first)]);
    expect(registry.tagsOf(first)).toEqual([inUse]);
    expect(registry.tagsOf(retired)).toEqual([]);
  });

  test("first on one image, then on the next, which leaves the one before as the last good one", async () => {
    await keep([move(first)]);
    expect(registry.tagsOf(first)).toEqual([inUse]);
    await keep([move(second)]);
    expect(registry.tagsOf(second)).toEqual([inUse]);
    expect(registry.tagsOf(first)).toEqual([lastGood]);
  });

  test("also in other containers of the task definition", async () => {
    const { image, plan } = move(first);
    const other = { ...image, digest: second };
    await keep([{ plan, image: { ...image, containers: { ui: image, beside: other } } }]);
    expect(registry.tagsOf(second)).toContain(inUse);
  });

  test("after going back, what was left is the last good one", async () => {
    await keep([move(first)]);
    await keep([move(second)]);
    await keep([move(first)]);
    expect(registry.tagsOf(first)).toEqual([inUse]);
    expect(registry.tagsOf(second)).toEqual([lastGood]);
  });

  test("what a target ran before it was ever marked is taken from its plan", async () => {
    const before = `localhost:5000/shop/ui@${first}`;
    const changes = [{ field: "containerDefinitions[ui].image", before, after: "new" }];
    await keep([move(second, { changes })]);
    expect(registry.tagsOf(first)).toEqual([lastGood]);
  });

  test("an image of another repository is left alone", async () => {
    const before = `localhost:5000/shop/other@${first}`;
    await keep([move(second, { changes: [{ field: "image", before, after: "new" }] })]);
    expect(registry.tagsOf(first)).toEqual([]);
    expect(registry.tagsOf(second)).toEqual([inUse]);
  });

  test("nothing is put that is there already, and one look finds that out", async () => {
    await keep([move(first)]);
    registry.mock.resetHistory();
    await keep([move(first, { action: "none" })], { outcome: "unchanged" });
    expect(registry.calls("PutImage")).toBe(0);
    expect(registry.calls("BatchGetImage")).toBe(0);
    expect(registry.calls("DescribeImages")).toBe(1);
  });

  test("nothing is looked up of a target that was left as it is, and whose plan saw its mark", async () => {
    await keep([move(first)]);
    registry.mock.resetHistory();
    const unchanged = move(first, { action: "none", marked: `shop/ui@${first}` });
    await keep([unchanged], { outcome: "unchanged" });
    expect(registry.mock.calls()).toHaveLength(0);
    // The plan is older than what has been done since.
    await keep([{ ...unchanged, image: move(second).image }], { outcome: "unchanged" });
    expect(registry.tagsOf(second)).toEqual([inUse]);
    await keep([{ ...move(first), plan: unchanged.plan }]);
    expect(registry.tagsOf(first)).toEqual([inUse]);
  });

  test.each(["failed", "rolled back", "cancelled", "not started"] as const)(
    "a target that %s leaves the marks where they are",
    async (how) => {
      await keep([move(first)]);
      await keep([move(second)], { outcome: how });
      expect(registry.tagsOf(first)).toEqual([inUse]);
      expect(registry.tagsOf(second)).toEqual([]);
    },
  );

  test("an image that is only proposed has a mark of its own, beside that of what runs", async () => {
    const proposed = `${inUse}..proposed`;
    await keep([move(first)]);
    await keep([move(second)], { outcome: "proposed" });
    expect(registry.tagsOf(first)).toEqual([inUse]);
    expect(registry.tagsOf(second)).toEqual([proposed]);
    // After the merge, it runs.
    await keep([move(second, { action: "none" })], { outcome: "unchanged" });
    expect(registry.tagsOf(second).toSorted()).toEqual([inUse, proposed]);
    expect(registry.tagsOf(first)).toEqual([lastGood]);
    await keep([move(first)], { outcome: "proposed" });
    expect(registry.tagsOf(first).toSorted()).toEqual([proposed, lastGood].toSorted());
  });

  test("two targets of one image are looked up once, and each has its own mark", async () => {
    const other = targetPlan("ui", { title: "ecs other/ui", action: "update" });
    const moves = [move(first), { ...move(first), plan: other }];
    await putKeepTags(session(), moves, [outcome("ui"), outcome("ui", { title: "ecs other/ui" })]);
    expect(registry.tagsOf(first).toSorted()).toEqual(["inuse-dev-ecs-other.ui", inUse]);
    expect(registry.calls("DescribeImages")).toBe(1);
  });

  test("images of several services in one task definition are marked each", async () => {
    const { image, plan } = move(first);
    const sidecar = { ...image, service: "proxy", repository: "shop/proxy" };
    const containers = { ui: image, proxy: sidecar, again: sidecar };
    await keep([{ plan, image: { ...image, containers } }]);
    expect(registry.tagsOf(first)).toEqual([inUse]);
    // There is no such repository here, which shows that it was looked for, once.
    expect(events).toEqual([expect.objectContaining({ message: expect.stringMatching(/^shop\/proxy@/) })]);
    expect(registry.calls("DescribeImages")).toBe(2);
  });

  test("what goes wrong is a warning that names the image, and nothing more", async () => {
    await keep([move(`sha256:${"0".repeat(64)}`)]);
    expect(events).toEqual([
      expect.objectContaining({
        kind: "warning",
        code: "not-marked",
        message: expect.stringMatching(/^shop\/ui@sha256:0000/),
      }),
    ]);
  });
});
