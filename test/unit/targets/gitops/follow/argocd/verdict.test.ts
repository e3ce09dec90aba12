import { describe, expect, test } from "vitest";
import {
  judgeApplication,
  type Sight,
} from "../../../../../../runner/targets/gitops/follow/argocd/verdict.ts";
import {
  application,
  commit,
  delivered,
  earlier,
  foreign,
  host,
  later,
  oldDigest,
  operation,
  reference,
  resource,
  type Status,
} from "../builders.ts";

const seen: Sight = { isRefreshed: true };
const sync = (status: string, revision: string | undefined = commit) => ({ sync: { status, revision } });
const health = (status: string, message?: string) => ({ health: { status, message } });
const condition = (type: string, message: string) => ({
  conditions: [{ type, message, lastTransitionTime: "2026-11-28T10:00:41Z" }],
});

interface Row {
  readonly status?: Status;
  readonly spec?: Status;
  readonly metadata?: Status;
  readonly sight?: Partial<Sight>;
  readonly verdict: object;
}

const rows: Readonly<Record<string, Row>> = {
  "Synced to our commit, Healthy, our image runs": {
    verdict: { kind: "running", message: `Synced to bbbbbbbbbb, Healthy, runs ${reference}` },
  },
  "Synced to a later commit that still sets our image": {
    status: sync("Synced", later),
    verdict: { kind: "running" },
  },
  "Synced to a later commit that sets another image": {
    status: sync("Synced", foreign),
    verdict: {
      kind: "overtaken",
      reason: "Argo CD is at dddddddddd, a later commit that sets another image",
    },
  },
  "Synced and Healthy, of the commit before": {
    status: sync("Synced", earlier),
    verdict: {
      kind: "waiting",
      message: "Argo CD is at aaaaaaaaaa, without commit bbbbbbbbbb",
      asks: "refresh",
    },
  },
  "no revision compared": {
    status: { sync: { status: "Unknown" } },
    verdict: { kind: "waiting", message: "Argo CD has not compared a revision yet", asks: "refresh" },
  },
  "an empty status": {
    status: { sync: undefined, health: undefined, operationState: undefined, reconciledAt: undefined },
    verdict: { kind: "waiting", asks: "refresh" },
  },
  "Healthy of before the end of the sync": {
    status: { reconciledAt: "2026-11-28T10:00:11Z" },
    verdict: {
      kind: "waiting",
      message: "Synced; its health is from before the end of the sync",
      asks: "hard refresh",
    },
  },
  "Healthy in the same second as the end of the sync": {
    status: { reconciledAt: "2026-11-28T10:00:12Z" },
    verdict: { kind: "running" },
  },
  Progressing: {
    status: {
      ...health("Progressing"),
      resources: [
        resource("Deployment", "ui", {
          status: "Progressing",
          message: "Waiting for rollout to finish: 1 out of 3 new replicas have been updated...",
        }),
      ],
    },
    verdict: {
      kind: "waiting",
      message:
        "Synced; Progressing: Deployment/ui: Waiting for rollout to finish: 1 out of 3 new replicas have been updated...",
    },
  },
  "Degraded: progress deadline": {
    status: {
      ...health("Degraded"),
      resources: [
        resource("Deployment", "ui", {
          status: "Degraded",
          message: 'Deployment "ui" exceeded its progress deadline',
        }),
      ],
    },
    verdict: {
      kind: "failing",
      reason: 'Degraded: Deployment/ui: Deployment "ui" exceeded its progress deadline',
      graceSeconds: 45,
    },
  },
  "Degraded of the release before ours": {
    status: { ...sync("OutOfSync", commit), ...health("Degraded"), operationState: undefined },
    verdict: { kind: "waiting", message: "OutOfSync" },
  },
  "Missing resources": {
    status: { ...health("Missing"), resources: [resource("Deployment", "ui", { status: "Missing" })] },
    verdict: { kind: "waiting", message: "Synced; Missing: Deployment/ui" },
  },
  "a paused Argo Rollout": {
    status: {
      ...health("Suspended"),
      resources: [resource("Rollout", "ui", { status: "Suspended", message: "CanaryPauseStep" })],
    },
    verdict: { kind: "paused", message: "Suspended, which waits for a person: Rollout/ui: CanaryPauseStep" },
  },
  "a paused Argo Rollout that holds up the sync of its wave": {
    status: {
      ...health("Suspended"),
      operationState: operation("Running", commit, "waiting for healthy state of argoproj.io/Rollout/ui"),
      resources: [resource("Rollout", "ui", { status: "Suspended", message: "CanaryPauseStep" })],
    },
    verdict: { kind: "paused" },
  },
  "an aborted Argo Rollout": {
    status: {
      ...health("Degraded"),
      resources: [
        resource("Rollout", "ui", {
          status: "Degraded",
          message: "RolloutAborted: Rollout aborted update to revision 5",
        }),
      ],
    },
    verdict: {
      kind: "failed",
      reason:
        "Argo Rollouts aborted the rollout: Rollout/ui: RolloutAborted: Rollout aborted update to revision 5",
    },
  },
  "the sync runs": {
    status: {
      ...sync("OutOfSync"),
      operationState: operation("Running", commit, "one or more tasks are running"),
    },
    verdict: { kind: "waiting", message: "syncing: one or more tasks are running" },
  },
  "the sync is tried again": {
    status: {
      ...sync("OutOfSync"),
      operationState: operation(
        "Running",
        commit,
        "one or more objects failed to apply. Retrying attempt #2 at 10:01AM.",
        { retryCount: 2 },
      ),
    },
    verdict: {
      kind: "waiting",
      message: "syncing, attempt 3: one or more objects failed to apply. Retrying attempt #2 at 10:01AM.",
    },
  },
  "the sync of our commit failed": {
    status: {
      ...sync("OutOfSync"),
      operationState: operation("Failed", commit, "one or more objects failed to apply"),
      ...condition("SyncError", `Failed last sync attempt to [${commit}]`),
    },
    verdict: { kind: "failed", reason: "the sync failed: one or more objects failed to apply" },
  },
  "the sync of the commit before failed": {
    status: {
      ...sync("OutOfSync"),
      operationState: operation("Failed", earlier, "one or more objects failed"),
    },
    verdict: { kind: "waiting", message: "OutOfSync" },
  },
  "an error before the sync began": {
    status: {
      ...sync("OutOfSync"),
      operationState: operation("Error", commit, "Namespace for argocd is not permitted", {
        syncResult: undefined,
      }),
    },
    verdict: { kind: "failing", graceSeconds: 60 },
  },
  "OutOfSync, before the sync": {
    status: {
      ...sync("OutOfSync"),
      resources: [resource("Deployment", "ui", undefined, "OutOfSync")],
      operationState: operation("Succeeded", earlier, "successfully synced"),
    },
    verdict: { kind: "waiting", message: "OutOfSync: Deployment/ui" },
  },
  "OutOfSync only by what nobody prunes, after the sync of our commit": {
    status: {
      ...sync("OutOfSync"),
      resources: [{ ...resource("Deployment", "old", undefined, "OutOfSync"), requiresPruning: true }],
    },
    verdict: { kind: "running" },
  },
  "OutOfSync only by what nobody prunes, before the sync of our commit": {
    status: {
      ...sync("OutOfSync"),
      resources: [{ ...resource("Deployment", "old", undefined, "OutOfSync"), requiresPruning: true }],
      operationState: operation("Succeeded", earlier, "successfully synced"),
    },
    verdict: { kind: "waiting", message: "OutOfSync: Deployment/old" },
  },
  "OutOfSync, and nobody syncs by itself": {
    status: { ...sync("OutOfSync"), operationState: operation("Succeeded", earlier, "successfully synced") },
    spec: { syncPolicy: {} },
    verdict: { kind: "paused", message: "OutOfSync; Argo CD does not sync this Application by itself" },
  },
  "OutOfSync, and automated sync is switched off (Argo CD 3)": {
    status: { ...sync("OutOfSync"), operationState: operation("Succeeded", earlier, "successfully synced") },
    spec: { syncPolicy: { automated: { enabled: false, selfHeal: true } } },
    verdict: { kind: "paused" },
  },
  "OutOfSync, and a window of the project is closed": {
    status: { ...sync("OutOfSync"), operationState: operation("Succeeded", earlier, "successfully synced") },
    sight: { closedWindow: 'deny "0 22 * * *" for 8h' },
    verdict: { kind: "paused", message: 'a sync window is closed: deny "0 22 * * *" for 8h' },
  },
  "a sync that a window holds up": {
    status: {
      ...sync("OutOfSync"),
      operationState: operation("Running", commit, "Sync operation blocked by sync window"),
    },
    verdict: { kind: "paused" },
  },
  "ComparisonError of our commit": {
    status: {
      sync: { status: "Unknown" },
      ...condition(
        "ComparisonError",
        "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = kustomize build failed",
      ),
    },
    verdict: { kind: "failing", graceSeconds: 20 },
  },
  "ComparisonError that is older than our look": {
    status: { sync: { status: "Unknown" }, ...condition("ComparisonError", "kustomize build failed") },
    sight: { isRefreshed: false },
    verdict: { kind: "waiting", asks: "refresh" },
  },
  "ComparisonError because the repo-server does not answer": {
    status: {
      sync: { status: "Unknown" },
      ...condition("ComparisonError", "rpc error: code = Unavailable desc = connection refused"),
    },
    verdict: { kind: "failing", graceSeconds: 180 },
  },
  "ComparisonError with paths and fields that contain words of a connection that failed": {
    status: {
      sync: { status: "Unknown" },
      ...condition(
        "ComparisonError",
        'failed to generate manifest: kustomize build ui/overlays/dev: unknown field "maxUnavailable"; geofence.yaml',
      ),
    },
    verdict: { kind: "failing", graceSeconds: 20 },
  },
  "ComparisonError because the connection to the repo-server timed out": {
    status: {
      sync: { status: "Unknown" },
      ...condition("ComparisonError", "dial tcp 10.0.0.1:8081: i/o timeout"),
    },
    verdict: { kind: "failing", graceSeconds: 180 },
  },
  InvalidSpecError: {
    status: {
      sync: { status: "Unknown" },
      ...condition(
        "InvalidSpecError",
        "application repo https://github.com/acme/deploy is not permitted in project 'shop'",
      ),
    },
    verdict: {
      kind: "failing",
      reason:
        "InvalidSpecError: application repo https://github.com/acme/deploy is not permitted in project 'shop'",
    },
  },
  "Synced and Healthy with another image": {
    status: { summary: { images: [`${host}/shop/ui@${oldDigest}`] } },
    verdict: {
      kind: "failing",
      reason: `Synced to bbbbbbbbbb and Healthy, but the image that was delivered does not run: it runs ${host}/shop/ui@${oldDigest}`,
      asks: "hard refresh",
    },
  },
  "Synced and Healthy without any image": {
    status: { summary: {} },
    verdict: { kind: "failing" },
  },
  "both images, while old pods end": {
    status: { summary: { images: [`${host}/shop/ui@${oldDigest}`, reference] } },
    verdict: { kind: "running" },
  },
  "the image by tag and digest": {
    status: { summary: { images: [reference.replace("@", ":1.4.2@")] } },
    verdict: { kind: "running" },
  },
  "the Application is being deleted": {
    metadata: { deletionTimestamp: "2026-11-28T10:00:00Z" },
    verdict: { kind: "failed", reason: "the Application is being deleted" },
  },
  "the Application reads another repository": {
    status: sync("Synced", earlier),
    spec: { source: { repoURL: "https://github.com/acme/other.git", path: "." } },
    verdict: {
      kind: "failing",
      reason:
        "the Application reads https://github.com/acme/other.git, and the commit is in git@github.com:acme/deploy.git",
    },
  },
  "the Application follows another branch": {
    status: sync("Synced", earlier),
    spec: { source: { repoURL: "https://github.com/acme/deploy.git", path: ".", targetRevision: "prod" } },
    verdict: { kind: "failing", reason: "the Application follows prod, and the commit is on main" },
  },
};

describe("the verdict on an Application", () => {
  test.each(Object.entries(rows))("%s", (_name, { status, spec, metadata, sight = {}, verdict }) => {
    const found = judgeApplication(application(status, spec, metadata), delivered(), { ...seen, ...sight });
    expect(found).toMatchObject(verdict);
  });

  test("a mirror is ours as soon as its revision is", () => {
    const mirrored = application({}, { source: { repoURL: "https://mirror.example.com/x.git", path: "." } });
    expect(judgeApplication(mirrored, delivered(), seen).kind).toBe("running");
  });

  test("an image by its tag is proven by its tag, and says so", () => {
    const tagged = `${host}/shop/ui:1.4.2`;
    const verdict = judgeApplication(
      application({ summary: { images: [tagged] } }),
      delivered({ reference: tagged }),
      seen,
    );
    expect(verdict).toEqual({
      kind: "running",
      message: `Synced to bbbbbbbbbb, Healthy, runs, by its tag, ${tagged}`,
    });
  });
});

// https://argo-cd.readthedocs.io/en/stable/user-guide/multiple_sources/
describe("several sources", () => {
  const sources = [
    { repoURL: "https://charts.example.com", chart: "web", targetRevision: "1.2.3" },
    { repoURL: "https://github.com/acme/deploy.git", ref: "values", targetRevision: "main" },
  ];
  const multi = (revisions: readonly string[], status: Status = {}) =>
    application({ sync: { status: "Synced", revisions }, ...status }, { source: undefined, sources });

  test("go by the revision of ours", () => {
    const synced = operation("Succeeded", "", "", { syncResult: { revisions: ["1.2.3", commit] } });
    expect(
      judgeApplication(multi(["1.2.3", commit], { operationState: synced }), delivered(), seen).kind,
    ).toBe("running");
    expect(judgeApplication(multi(["1.2.3", earlier]), delivered(), seen).kind).toBe("waiting");
    expect(judgeApplication(multi(["1.2.3", foreign]), delivered(), seen).kind).toBe("overtaken");
  });

  test("a sync that failed is judged by the revision of ours", () => {
    const failed = operation("Failed", "", "hook failed", { syncResult: { revisions: ["1.2.3", commit] } });
    const one = multi(["1.2.3", commit], { operationState: failed });
    expect(judgeApplication(one, delivered(), seen)).toMatchObject({ kind: "failed" });
  });
});

// https://argo-cd.readthedocs.io/en/stable/user-guide/source-hydrator/
// Its status: https://github.com/argoproj/argo-cd/blob/master/pkg/apis/application/v1alpha1/types.go (SourceHydratorStatus)
describe("the Source Hydrator", () => {
  const hydrated = "e".repeat(40);
  const dry = (drySHA: string, hydratedSHA = hydrated) => ({ drySHA, hydratedSHA });
  const app = (current: object, last: object | undefined, status: Status = {}) =>
    application(
      {
        sync: { status: "Synced", revision: hydrated },
        operationState: operation("Succeeded", hydrated, "successfully synced"),
        sourceHydrator: { currentOperation: current, lastSuccessfulOperation: last },
        ...status,
      },
      {
        source: undefined,
        sourceHydrator: {
          drySource: { repoURL: "https://github.com/acme/deploy.git", path: "ui", targetRevision: "main" },
          syncSource: { targetBranch: "env/dev", path: "ui" },
        },
      },
    );
  const judge = (one: ReturnType<typeof app>) => judgeApplication(one, delivered(), seen);

  test("is done when the manifests of our commit are synced", () => {
    expect(judge(app({ phase: "Hydrated", ...dry(commit) }, dry(commit)))).toMatchObject({ kind: "running" });
  });

  test("waits for the commit, and then for its manifests", () => {
    expect(judge(app({ phase: "Hydrating", drySHA: commit }, dry(earlier)))).toMatchObject({
      kind: "waiting",
      message: "the Source Hydrator has not rendered commit bbbbbbbbbb yet",
    });
    const behind = app({ phase: "Hydrated", ...dry(commit) }, dry(commit), {
      sync: { status: "Synced", revision: "f".repeat(40) },
    });
    expect(judge(behind)).toMatchObject({ kind: "waiting", asks: "refresh" });
  });

  test("takes a later revision of the rendered branch, where others render to it", () => {
    const current = { phase: "Hydrated", finishedAt: "2026-11-28T10:00:05Z", ...dry(commit) };
    const beyond = app(current, dry(commit), {
      sync: { status: "Synced", revision: "f".repeat(40) },
      operationState: operation("Succeeded", "f".repeat(40), "successfully synced"),
    });
    expect(judge(beyond)).toMatchObject({ kind: "running" });
  });

  test("fails with its message, and is overtaken", () => {
    const broken = app({ phase: "Failed", drySHA: commit, message: "kustomize build failed" }, dry(earlier));
    expect(judge(broken)).toMatchObject({
      kind: "failing",
      reason: "the Source Hydrator failed: kustomize build failed",
    });
    expect(judge(app({ phase: "Hydrated", ...dry(foreign) }, dry(foreign)))).toMatchObject({
      kind: "overtaken",
    });
  });
});
