import { ECRClient } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Settings, slipwaySchema } from "../../../config/settings.ts";
import type { Clients } from "../../../runner/aws/clients.ts";
import { notedGates } from "../../../runner/history/gates.ts";
import { recordUnrecorded } from "../../../runner/history/unrecorded.ts";
import { recordReleases, runInCi, type ServiceToRecord, sourceOf } from "../../../runner/history/write.ts";
import { releasesOf } from "../../../runner/release/history.ts";
import { readNewestRecord } from "../../../runner/release/store.ts";
import type { RunEvent } from "../../../runner/report/events.ts";
import type { Session } from "../../../runner/session/session.ts";
import { createTimeline } from "../../../runner/session/timeline.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { ecsTarget, outcome, targetPlan } from "../plan/samples.ts";
import { ecrOnly, manifestText, ociManifest } from "../registry/fixtures.ts";
import { type OciRegistry, openOciRegistry } from "../registry/oci-registry.ts";

const ecr = mockClient(ECRClient);
let registry: OciRegistry;
let session: Session;
let events: RunEvent[];
let abort: AbortController;
let ui: ServiceToRecord;

const settings: Settings = {
  ...slipwaySchema.parse({}),
  stack: "dev",
  aws: { region: "eu-west-1" },
};

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  events = [];
  abort = new AbortController();
  const emit = (event: RunEvent) => events.push(event);
  session = {
    directory: "/project",
    catalogue: { services: [] },
    settings,
    services: [],
    // What it would call with these begins no more once the run is interrupted.
    clients: { uninterruptible: ecrOnly() } as unknown as Clients,
    caller: { account: "111122223333", arn: "arn:aws:iam::111122223333:user/ann" },
    registry: registry.host,
    emit,
    signal: abort.signal,
    timeline: createTimeline(emit),
  };
  const digest = registry.put("shop/ui", manifestText, ociManifest);
  ui = {
    image: {
      service: "ui",
      repository: "shop/ui",
      registry: registry.host,
      digest,
      manifests: { "linux/amd64": digest },
    },
    about: { command: "deploy", source: { hash: "0123" }, tags: ["v1"], gates: [] },
    targets: [targetPlan("ui", { action: "update" })],
  };
});

afterEach(() => registry.close());

const head = () => readNewestRecord(ecrOnly(), "shop/ui", "dev", new AbortController().signal);
const startedAt = new Date("2026-11-25T10:00:00Z");

describe("recording what a deployment did", () => {
  it.each(["done", "failed", "rolled back", "cancelled"] as const)(
    "writes a release that is %s",
    async (how) => {
      const [written] = await recordReleases(session, [ui], [outcome("ui", { outcome: how })], startedAt);
      expect(written).toMatchObject({ service: "ui", outcome: how, late: false, referrers: "registry" });
      expect(await head()).toMatchObject({
        digest: written?.record,
        record: {
          id: written?.id,
          outcome: how,
          stack: "dev",
          startedAt: "2026-11-25T10:00:00.000Z",
          image: { digest: ui.image.digest, tags: ["v1"] },
          by: { caller: "arn:aws:iam::111122223333:user/ann" },
          targets: [{ title: "ecs shop/ui", outcome: how }],
        },
      });
    },
  );

  it("writes what was asked of the service and of the targets that were tried, and of no others", async () => {
    const asked = { gate: "newest wins", verdict: "overridden", message: "a newer commit" } as const;
    const preFlight = { gate: "pre-flight", verdict: "passed", message: "9 checks" } as const;
    const smoke = { gate: "smoke check", verdict: "failed", message: "answered 500" } as const;
    const other = { ...targetPlan("other"), gates: [preFlight] };
    const one = {
      ...ui,
      about: { ...ui.about, gates: [asked] },
      targets: [targetPlan("ui", { action: "update", gates: [preFlight] }), other],
    };
    const ended = [
      outcome("ui", { outcome: "failed", gates: [smoke] }),
      outcome("other", { outcome: "unchanged", gates: [smoke] }),
    ];
    await recordReleases(session, [one], ended, startedAt);
    const stored = await head();
    const target = "ecs shop/ui";
    expect(stored?.record.gates).toEqual([asked, { ...preFlight, target }, { ...smoke, target }]);
    expect(releasesOf(stored)[0]).toMatchObject({ overridden: ["newest wins"] });
    expect(notedGates(stored?.record)).toEqual([
      "newest wins: overridden, a newer commit",
      "smoke check of ecs shop/ui: failed, answered 500",
    ]);
  });

  it("writes nothing for a service of which nothing was tried", async () => {
    expect(await recordReleases(session, [ui], [outcome("ui", { outcome: "unchanged" })], startedAt)).toEqual(
      [],
    );
    expect(await recordReleases(session, [ui], [], startedAt)).toEqual([]);
    expect(registry.requests).toEqual([]);
  });

  it("writes also when the run was interrupted", async () => {
    abort.abort();
    const [written] = await recordReleases(
      session,
      [ui],
      [outcome("ui", { outcome: "cancelled" })],
      startedAt,
    );
    expect(written?.record).toBeDefined();
  });

  it("says once where records are listed when the registry keeps no list", async () => {
    registry.referrers = false;
    const other = { ...ui, targets: [targetPlan("cart")] };
    await recordReleases(session, [ui, other], [outcome("ui"), outcome("cart")], startedAt);
    const notices = events.filter(({ kind }) => kind === "notice");
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({
      message: expect.stringContaining("does not list OCI referrers") as string,
    });
  });

  it("warns when it can't, and leaves the deployment what it is", async () => {
    registry.fail(403, 100);
    const [written] = await recordReleases(session, [ui], [outcome("ui")], startedAt);
    expect(written).toMatchObject({ outcome: "done" });
    expect(written?.record).toBeUndefined();
    expect(events.find(({ kind }) => kind === "warning")).toMatchObject({
      code: "record-not-written",
      message: expect.stringContaining("could not record the release of ui (done)") as string,
    });
    expect(events.at(-1)).toMatchObject({ outcome: "failed", message: "failed to write 1 of 1" });
  });
});

describe("a sidecar", () => {
  const target = { ...ecsTarget("ui"), containers: { ui: "ui", envoy: "proxy", beside: "proxy" } };
  const change = (container: string, service: string, after: string) => ({
    field: `containerDefinitions[${container}].image`,
    before: `${registry.host}/shop/${service}@sha256:${"0".repeat(64)}`,
    after: `${registry.host}/shop/${service}@${after}`,
  });
  const proxyOf = (): ServiceToRecord => {
    const digest = registry.put("shop/proxy", manifestText, ociManifest);
    return { ...ui, image: { ...ui.image, service: "proxy", repository: "shop/proxy", digest }, targets: [] };
  };
  const recordOf = async (service: string) =>
    (await readNewestRecord(ecrOnly(), `shop/${service}`, "dev", new AbortController().signal))?.record;

  it("has a record of its own, of the target that it is in, when its image was moved there", async () => {
    const proxy = proxyOf();
    const changes = [
      change("ui", "ui", ui.image.digest),
      change("envoy", "proxy", proxy.image.digest),
      change("beside", "proxy", proxy.image.digest),
    ];
    const main = { ...ui, targets: [targetPlan("ui", { action: "update", target, changes })] };
    const running = `${registry.host}/shop/ui@${ui.image.digest}`;
    const written = await recordReleases(session, [main, proxy], [outcome("ui", { running })], startedAt);
    expect(written.map(({ service }) => service)).toEqual(["ui", "proxy"]);
    const [own] = (await recordOf("ui"))?.targets ?? [];
    expect(own).toMatchObject({ previous: changes[0]?.before, running });
    expect(own).not.toHaveProperty("sidecar");
    expect(await recordOf("proxy")).toMatchObject({
      outcome: "done",
      targets: [
        {
          title: "ecs shop/ui",
          sidecar: "envoy, beside",
          previous: changes[1]?.before,
          running: `${registry.host}/shop/proxy@${proxy.image.digest}`,
        },
      ],
      earlier: [{ outcome: "found", image: `sha256:${"0".repeat(64)}` }],
    });
  });

  it("runs what it ran before when the target was put back, and has no record when it was not moved", async () => {
    const proxy = proxyOf();
    const changes = [change("envoy", "proxy", proxy.image.digest)];
    const main = { ...ui, targets: [targetPlan("ui", { action: "update", target, changes })] };
    const back = outcome("ui", { outcome: "rolled back" });
    await recordReleases(session, [main, proxy], [back], startedAt);
    expect(await recordOf("proxy")).toMatchObject({
      outcome: "rolled back",
      targets: [{ running: changes[0]?.before }],
    });
    const alone = {
      ...main,
      targets: [targetPlan("ui", { action: "update", target, changes: [change("ui", "ui", "sha256:1")] })],
    };
    const written = await recordReleases(session, [alone, proxy], [outcome("ui")], startedAt);
    expect(written.map(({ service }) => service)).toEqual(["ui"]);
  });

  it("is recorded late with what it runs, and not what runs beside it", async () => {
    const proxy = proxyOf();
    const main = { ...ui, targets: [targetPlan("ui", { action: "prove", target })], newestRecord: undefined };
    const proven = outcome("ui", { outcome: "unchanged", running: "elsewhere" });
    const late = await recordUnrecorded(session, [main, { ...proxy, newestRecord: undefined }], [proven]);
    expect(late.map(({ service }) => service)).toEqual(["ui", "proxy"]);
    expect(await recordOf("proxy")).toMatchObject({
      late: true,
      targets: [{ sidecar: "envoy, beside", running: `${registry.host}/shop/proxy@${proxy.image.digest}` }],
    });
  });
});

describe("recording late", () => {
  it("leaves alone what the newest success names, and what does not run", async () => {
    await recordReleases(session, [ui], [outcome("ui")], startedAt);
    const running = { ...ui, targets: [targetPlan("ui")] };
    expect(await recordUnrecorded(session, [{ ...running, newestRecord: await head() }], [])).toEqual([]);
    expect(await recordUnrecorded(session, [{ ...ui, newestRecord: undefined }], [])).toEqual([]);
    expect(
      await recordUnrecorded(session, [{ ...running, targets: [], newestRecord: undefined }], []),
    ).toEqual([]);
  });

  it("tells of what was proven once more, by what that found, and not of what failed", async () => {
    const proving = { ...ui, targets: [targetPlan("ui", { action: "prove" })], newestRecord: undefined };
    const failed = [outcome("ui", { outcome: "failed" })];
    expect(await recordUnrecorded(session, [proving], failed)).toEqual([]);
    expect(await recordUnrecorded(session, [proving], [])).toEqual([]);
    const well = outcome("ui", { outcome: "unchanged", message: "proven", details: { revision: "ui:3" } });
    expect(await recordUnrecorded(session, [proving], [well])).toMatchObject([
      { outcome: "done", late: true },
    ]);
    expect((await head())?.record.targets).toMatchObject([
      { message: "proven", outcome: "unchanged", details: { revision: "ui:3" } },
    ]);
  });
});

describe("what a record says beside", () => {
  it("is the commit, and whether what was read differed from it", () => {
    const revision = {
      commit: "abc",
      committedAt: new Date("2026-11-25T09:00:00Z"),
      branch: "main",
      mainBranch: undefined,
      pullRequest: undefined,
      tagsHere: [],
      versionTags: [],
      isShallow: false,
    };
    expect(sourceOf("0123", revision, true)).toEqual({
      hash: "0123",
      commit: "abc",
      committedAt: "2026-11-25T09:00:00.000Z",
      branch: "main",
      dirty: true,
    });
    expect(sourceOf("0123", revision, false)).toMatchObject({ dirty: false });
    expect(sourceOf("0123", undefined, false)).toEqual({ hash: "0123" });
  });

  it("is where CI shows the run", () => {
    const github = {
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: "a/b",
      GITHUB_RUN_ID: "7",
    };
    expect(runInCi(github)).toBe("https://github.com/a/b/actions/runs/7");
    expect(runInCi({ CI_JOB_URL: "https://gitlab.com/a/b/-/jobs/1" })).toBe(
      "https://gitlab.com/a/b/-/jobs/1",
    );
    expect(runInCi({ BUILD_URL: "not a url" })).toBeUndefined();
    expect(runInCi({})).toBeUndefined();
  });
});
