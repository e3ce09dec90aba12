import { describe, expect, test } from "vitest";
import { UserError } from "../../../../../config/problems/errors.ts";
import { followSchema } from "../../../../../config/targets/gitops/follow.ts";
import type { RunEvent } from "../../../../../runner/report/events.ts";
import type { Application } from "../../../../../runner/targets/gitops/follow/argocd/application.ts";
import { followArgocd } from "../../../../../runner/targets/gitops/follow/argocd/follower.ts";
import type { ApplicationReader } from "../../../../../runner/targets/gitops/follow/argocd/reader.ts";
import {
  checkFollow,
  type Delivery,
  followDelivery,
} from "../../../../../runner/targets/gitops/follow/follow.ts";
import { fakeClock } from "../../fakes.ts";
import {
  application,
  commit,
  digest,
  earlier,
  foreign,
  operation,
  reference,
  repository,
  resource,
} from "./builders.ts";

const follow = followSchema.parse({ argocd: { application: "ui-dev", timeoutSeconds: 120 } });

/** Follows Applications that are given, look by look; the last one stays. */
async function run(
  looks: readonly (readonly Application[] | Error)[],
  more: Partial<Delivery> = {},
  abort?: AbortSignal,
) {
  const clock = fakeClock();
  const events: RunEvent[] = [];
  const asked: string[] = [];
  let look = 0;
  const reader: ApplicationReader = {
    async read() {
      const found = looks[Math.min(look++, looks.length - 1)] ?? [];
      if (found instanceof Error) throw found;
      return found;
    },
    async refresh({ metadata }, kind) {
      asked.push(`${metadata.name}: ${kind}`);
    },
    closedWindow: async () => undefined,
    healths: async () => [],
    podEvidence: async () => ["pod ui-1, ui: CrashLoopBackOff (it ended: Error, exit code 1, 3 restarts)"],
  };
  const delivery: Delivery = {
    follow,
    service: "ui",
    repository,
    branch: "main",
    commit,
    digest,
    reference,
    startedAt: clock.now(),
    holdsImage: async (revision) => revision !== foreign,
    comesAfter: async (revision) => revision !== earlier,
    ...more,
  };
  const signal = abort ?? new AbortController().signal;
  const end = await followDelivery(
    delivery,
    { emit: (event) => events.push(event), signal, step: "target" },
    {
      clock,
      open: (settings, context, given) => {
        if (!("argocd" in settings)) throw new Error("not Argo CD");
        const log = (line: string) => events.push({ kind: "step-log", id: "target", line });
        return followArgocd(settings.argocd, { signal: context.signal, clock: given, log }, reader);
      },
    },
  );
  const progress = events.flatMap((event) => (event.kind === "step-progress" ? event.message : []));
  return { end, asked, progress };
}

const reconciledAt = "2026-11-28T10:00:05Z";
const atEarlier = application({ sync: { status: "Synced", revision: earlier }, reconciledAt });
const degraded = application({
  health: { status: "Degraded" },
  resources: [
    resource("Deployment", "ui", { status: "Degraded", message: "exceeded its progress deadline" }),
  ],
});

describe("following a delivery", () => {
  test("asks for a comparison at once, and ends when our image runs", async () => {
    const syncing = application({
      sync: { status: "OutOfSync", revision: commit },
      operationState: operation("Running", commit, "one or more tasks are running"),
    });
    const { end, asked, progress } = await run([[atEarlier], [syncing], [application()]]);
    expect(end).toEqual({
      verdict: "running",
      message: `Synced to bbbbbbbbbb, Healthy, runs ${reference}`,
      evidence: [],
    });
    expect(asked[0]).toBe("ui-dev: refresh");
    expect(progress).toEqual(
      [
        "Argo CD is at aaaaaaaaaa, without commit bbbbbbbbbb",
        "syncing: one or more tasks are running",
      ].concat(`Synced to bbbbbbbbbb, Healthy, runs ${reference}`),
    );
  });

  test("does not take Healthy of the release before for ours, however long it says so", async () => {
    const { end } = await run([[atEarlier]]);
    expect(end).toMatchObject({
      verdict: "timed out",
      message:
        "Argo CD, Application ui-dev: not done after 120 s: Argo CD is at aaaaaaaaaa, without commit bbbbbbbbbb",
    });
  });

  test("a failure comes with resources, pods and a hint", async () => {
    const { end } = await run([[degraded]]);
    expect(end).toEqual({
      verdict: "failed",
      message: "Argo CD, Application ui-dev: Degraded: Deployment/ui: exceeded its progress deadline",
      evidence: [
        "Deployment/ui: Degraded: exceeded its progress deadline",
        "pod ui-1, ui: CrashLoopBackOff (it ended: Error, exit code 1, 3 restarts)",
      ],
      hint: "the new pods did not become ready in time: see their reasons and log lines above",
    });
  });

  test("a failure that passes is none", async () => {
    const { end } = await run([[degraded], [degraded], [application()]]);
    expect(end.verdict).toBe("running");
  });

  test("another commit with another image ends it", async () => {
    const { end } = await run([
      [atEarlier],
      [application({ sync: { status: "Synced", revision: foreign } })],
    ]);
    expect(end).toMatchObject({ verdict: "overtaken", hint: expect.stringContaining("slipway status") });
  });

  test("a pause lasts until the time is up, and says what to do", async () => {
    const paused = application({ health: { status: "Suspended" } });
    const { end } = await run([[paused]]);
    expect(end).toMatchObject({ verdict: "paused", hint: expect.stringContaining("resume it") });
  });

  test("several Applications are one step", async () => {
    const named = (name: string, status = {}) => application(status, {}, { name });
    const behind = named("ui-eu", {
      sync: { status: "OutOfSync", revision: commit },
      operationState: undefined,
    });
    const { end, asked } = await run([
      [behind, named("ui-us")],
      [named("ui-eu"), named("ui-us")],
    ]);
    expect(asked.slice(0, 2)).toEqual(["ui-eu: refresh", "ui-us: refresh"]);
    expect(end).toMatchObject({
      verdict: "running",
      message: expect.stringMatching(/^all 2: ui-eu: .*; ui-us: /),
    });
  });

  test("a cluster that does not answer is asked again", async () => {
    const silent = new UserError({ code: "unreachable", message: "cluster prod does not respond" });
    const { end } = await run([silent, silent, [application()]]);
    expect(end.verdict).toBe("running");
  });

  test("a cluster that refuses ends it, and the commit is named", async () => {
    const refused = new UserError({
      code: "cluster-refused",
      message: "it does not allow it",
      fix: "add a Role",
    });
    const { end } = await run([refused]);
    expect(end).toEqual({
      verdict: "failed",
      message:
        "committed bbbbbbbbbb to main, but Argo CD, Application ui-dev can't be followed: it does not allow it",
      evidence: [],
      hint: "add a Role",
    });
  });

  test("Ctrl-C ends it, and says where it was", async () => {
    const controller = new AbortController();
    controller.abort();
    const { end } = await run([[application()]], {}, controller.signal);
    expect(end).toMatchObject({
      verdict: "cancelled",
      message: "committed bbbbbbbbbb to main, and not followed to the end",
    });
  });

  test("without a follower, nothing is proven", async () => {
    const { end } = await run([], { follow: "none" });
    expect(end).toEqual({
      verdict: "committed",
      message: "committed bbbbbbbbbb to main; nothing was proven",
      evidence: [],
    });
  });
});

describe("what follows a target, before a commit", () => {
  const place = { repository, branch: "main" };
  const { signal } = new AbortController();
  const checkWith = (read: ApplicationReader["read"]) =>
    checkFollow(follow, place, { emit: () => {}, signal, step: "check" }, (settings, _context, clock) => {
      if (!("argocd" in settings)) throw new Error("not Argo CD");
      const nothing = async () => {
        throw new Error("a check only reads");
      };
      const reader = {
        read,
        refresh: nothing,
        closedWindow: nothing,
        healths: nothing,
        podEvidence: nothing,
      };
      return followArgocd(settings.argocd, { signal, clock, log: () => {} }, reader);
    });

  test("is well when the Application deploys from there", async () => {
    expect(await checkWith(async () => [application()])).toEqual([
      {
        name: "Argo CD, Application ui-dev",
        state: "ok",
        message: "deploys from the target's repository and branch",
      },
    ]);
  });

  test("is wrong when it deploys from elsewhere, or there is none", async () => {
    const other = application(
      {},
      { source: { repoURL: "https://github.com/acme/deploy", targetRevision: "prod" } },
    );
    expect(await checkWith(async () => [other])).toMatchObject([
      {
        state: "fail",
        message: "Application ui-dev: the Application follows prod, and the commit is on main",
      },
    ]);
    expect(await checkWith(async () => [])).toMatchObject([{ state: "fail" }]);
  });

  test("a refusal is wrong, and a silence is not checked", async () => {
    const refuse = (code: "cluster-refused" | "unreachable") => async () => {
      throw new UserError({ code, message: "no", fix: "add a Role" });
    };
    expect(await checkWith(refuse("cluster-refused"))).toMatchObject([{ state: "fail", fix: "add a Role" }]);
    expect(await checkWith(refuse("unreachable"))).toMatchObject([{ state: "not checked" }]);
  });

  test("nothing follows, nothing is checked", async () => {
    expect(await checkFollow("none", place, { emit: () => {}, signal, step: "check" })).toEqual([]);
  });
});
