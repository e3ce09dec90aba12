import { DescribeImagesCommand } from "@aws-sdk/client-ecr";
import { beforeEach, expect, test } from "vitest";
import { slipwaySchema } from "../../../config/settings.ts";
import { awsSchema } from "../../../config/stack/provider.ts";
import { warnOfDue } from "../../../runner/in-use/due.ts";
import { putKeepTags } from "../../../runner/in-use/mark.ts";
import type { RunEvent } from "../../../runner/report/events.ts";
import type { Session } from "../../../runner/session/session.ts";
import { outcome, targetPlan } from "../plan/samples.ts";
import { type FakeRegistry, fakeRegistry, platformManifest } from "../registry/fake-registry.ts";
import { awsError, ecrOnly } from "../registry/fixtures.ts";

const day = 86_400_000;
/** Pushes of the fake registry begin on this day. */
const pushed = Date.UTC(2026, 4, 1, 12);

let registry: FakeRegistry;
let events: RunEvent[];
beforeEach(() => {
  registry = fakeRegistry("shop/ui");
  events = [];
});

const session = (lifecycleGuard: object = {}, retention: object = { preset: "development" }) =>
  ({
    clients: ecrOnly(),
    signal: new AbortController().signal,
    settings: {
      ...slipwaySchema.parse({ repositories: { prefix: "shop" }, lifecycleGuard, retention }),
      stack: "dev",
      aws: awsSchema.parse({ region: "eu-central-1" }),
    },
    emit: (event: RunEvent) => events.push(event),
  }) as unknown as Session;

const image = (digest: string) => ({
  service: "ui",
  repository: "shop/ui",
  registry: "localhost:5000",
  digest,
  manifests: {},
});
const moving = (digest: string) =>
  [{ service: { platforms: ["linux/amd64"] }, image: image(digest) }] as const;
const push = (...tags: string[]) => registry.push(platformManifest({ [tags.join()]: 10 }), ...tags);
const daysLater = (days: number) => new Date(pushed + days * day);
const warnings = () => events.flatMap((event) => (event.kind === "warning" ? [event] : []));

test("an old image that is moved to is told of, with its date and its rule", async () => {
  const digest = push("dev-1");
  await warnOfDue(session(), moving(digest), daysLater(10));
  const [warning, ...others] = warnings();
  expect(others).toEqual([]);
  expect(warning?.code).toBe("lifecycle-due");
  expect(warning?.message).toContain("shop/ui@");
  expect(warning?.message).toContain("on 2026-05-15");
  expect(warning?.message).toContain("Expire dev-*: 14 days after the push");
});

test("one that a count takes with the next run is told of as well", async () => {
  const old = push("v1");
  push("v2");
  const rules = { rules: [{ images: { prefixes: ["v"] }, keepLast: 1 }] };
  await warnOfDue(session({}, rules), moving(old), daysLater(2));
  expect(warnings()[0]?.message).toContain("within a day");
});

test("the mark that the run puts is what keeps it: afterwards there is nothing to tell", async () => {
  const digest = push("dev-1");
  const own = session();
  await warnOfDue(own, moving(digest), daysLater(13));
  expect(warnings()).toHaveLength(1);
  const plan = targetPlan("ui", { title: "ecs shop/ui", action: "update" });
  await putKeepTags(own, [{ plan, image: image(digest) }] as never, [
    outcome("ui", { title: "ecs shop/ui" }),
  ]);
  expect(registry.tagsOf(digest)).toContain("inuse-dev-ecs-shop.ui");
  await warnOfDue(own, moving(digest), daysLater(400));
  expect(warnings()).toHaveLength(1);
});

test("nothing is told of what is not due in so many days, was just pushed, or when the settings say never", async () => {
  const digest = push("dev-1");
  await warnOfDue(session(), moving(digest), daysLater(2));
  await warnOfDue(session({ warnDays: 1 }), moving(digest), daysLater(10));
  await warnOfDue(session({ warnDays: 30 }), moving(digest), daysLater(0.5));
  expect(warnings()).toEqual([]);
  registry.mock.resetHistory();
  await warnOfDue(session({ warnDays: 0 }), moving(digest), daysLater(10));
  expect(registry.calls("DescribeImages")).toBe(0);
});

test("costs one call for a repository, and a repository that can't be read stops nothing", async () => {
  const digest = push("dev-1");
  registry.mock.resetHistory();
  await warnOfDue(session(), moving(digest), daysLater(10));
  expect(registry.calls("DescribeImages")).toBe(1);
  expect(registry.calls("BatchGetImage")).toBe(0);
  registry.mock.on(DescribeImagesCommand as never).rejects(awsError("ServerException"));
  await expect(warnOfDue(session(), moving(digest), daysLater(10))).resolves.toBeUndefined();
  expect(warnings()).toHaveLength(1);
});
