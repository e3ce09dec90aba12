import { describe, expect, test } from "vitest";
import { commitOf } from "../../../../../../runner/targets/gitops/follow/flux/objects.ts";
import { type FluxObjects, judgeFlux } from "../../../../../../runner/targets/gitops/follow/flux/verdict.ts";
import { commit, delivered, earlier, foreign, host, later, oldDigest, reference } from "../builders.ts";
import { attempted, condition, deployment, helmRelease, kustomization, source } from "./builders.ts";

const one: FluxObjects = { source: source(), kustomization: kustomization(), workloads: [deployment()] };
const notReady = (reason: string, message: string) => [condition("Ready", "False", reason, message)];
const before = kustomization(attempted(earlier));
const behind = (
  more: Parameters<typeof source>[0],
  spec?: Parameters<typeof source>[1],
): Partial<FluxObjects> => ({
  kustomization: before,
  source: source(more, spec),
});

const rows: Readonly<Record<string, readonly [objects: Partial<FluxObjects>, verdict: object]>> = {
  "our commit applied, our image rolled out": [
    {},
    { kind: "running", message: `Ready at bbbbbbbbbb; Deployment/ui runs ${reference}` },
  ],
  "a later commit that still sets our image": [
    { kustomization: kustomization(attempted(later)) },
    { kind: "running" },
  ],
  "a later commit that sets another": [
    { kustomization: kustomization(attempted(foreign)) },
    {
      kind: "overtaken",
      reason: "Kustomization apps is at dddddddddd, a later commit that sets another image",
    },
  ],
  "Ready, of the commit before": [
    { kustomization: before },
    {
      kind: "waiting",
      message: "Kustomization apps is at aaaaaaaaaa, without commit bbbbbbbbbb",
      asks: "refresh",
    },
  ],
  "no status yet": [
    { kustomization: kustomization({ lastAttemptedRevision: undefined, conditions: undefined }) },
    { kind: "waiting", asks: "refresh" },
  ],
  "Ready of an older generation": [
    { kustomization: kustomization({ observedGeneration: 2 }) },
    { kind: "waiting", message: "Kustomization apps has a change that Flux has not seen" },
  ],
  "Ready, and the condition is of an older generation": [
    {
      kustomization: kustomization({
        conditions: [condition("Ready", "True", "ReconciliationSucceeded", "Applied", 2)],
      }),
    },
    { kind: "waiting" },
  ],
  "being applied": [
    {
      kustomization: kustomization(
        attempted(
          commit,
          [
            condition("Reconciling", "True", "Progressing", "Building manifests for revision main@sha1:b"),
            condition("Ready", "Unknown", "Progressing", "Reconciliation in progress"),
          ],
          earlier,
        ),
      ),
    },
    { kind: "waiting", message: expect.stringContaining("Building manifests") },
  ],
  "attempted, and Ready is still of the revision before": [
    { kustomization: kustomization({ lastAppliedRevision: `main@sha1:${earlier}` }) },
    { kind: "waiting" },
  ],
  "manifests that do not build": [
    {
      kustomization: kustomization(
        attempted(commit, notReady("BuildFailed", "accumulating resources"), earlier),
      ),
    },
    { kind: "failing", reason: "Kustomization apps: BuildFailed: accumulating resources", graceSeconds: 10 },
  ],
  "a health check that failed": [
    {
      kustomization: kustomization(
        attempted(
          commit,
          notReady("HealthCheckFailed", "timeout waiting for: [Deployment/shop/ui status: 'Failed']"),
        ),
      ),
    },
    { kind: "failing", graceSeconds: 30 },
  ],
  "waits for what it depends on": [
    {
      kustomization: kustomization(
        attempted(commit, notReady("DependencyNotReady", "dependency 'infra' is not ready")),
      ),
    },
    { kind: "waiting" },
  ],
  stalled: [
    {
      kustomization: kustomization({
        conditions: [condition("Stalled", "True", "InvalidPath", "path ./apps not found")],
      }),
    },
    { kind: "failed", reason: "Kustomization apps is stalled: InvalidPath: path ./apps not found" },
  ],
  "suspended Kustomization": [
    { kustomization: kustomization(attempted(earlier), { suspend: true }) },
    { kind: "paused", hint: "resume it: flux resume kustomization apps --namespace flux-system" },
  ],
  "suspended source": [behind({}, { suspend: true }), { kind: "paused" }],
  "a source that may not read the repository": [
    behind({ conditions: [condition("Ready", "False", "GitOperationFailed", "ssh: handshake failed", 1)] }),
    { kind: "failing", reason: "source deploy: GitOperationFailed: ssh: handshake failed" },
  ],
  "a source that is already beyond ours": [
    behind({ artifact: { revision: `main@sha1:${foreign}` } }),
    { kind: "overtaken" },
  ],
  "a source of another branch": [
    behind({ artifact: { revision: `prod@sha1:${earlier}` } }, { ref: { branch: "prod" } }),
    { kind: "failing", reason: "source deploy follows prod, and the commit is on main" },
  ],
  "being deleted": [
    { kustomization: kustomization({}, {}, { deletionTimestamp: "2026-11-28T10:00:00Z" }) },
    { kind: "failed" },
  ],
  "Ready before the Deployment has our image": [
    { workloads: [deployment({}, `${host}/shop/ui@${oldDigest}`)] },
    {
      kind: "failing",
      reason: expect.stringContaining("the image that was delivered does not run"),
      graceSeconds: 60,
    },
  ],
  "Ready before anything exists": [
    { workloads: [] },
    { kind: "failing", reason: expect.stringContaining("it has no workload") },
  ],
  "Ready while pods are replaced": [
    { workloads: [deployment({ updatedReplicas: 1 })] },
    { kind: "waiting", message: "Deployment/ui: 1 of 3 pods are new" },
  ],
  "Ready with old pods": [
    { workloads: [deployment({ replicas: 4 })] },
    { kind: "waiting", message: "Deployment/ui: 1 old pods are still there" },
  ],
  "Ready, and the controller has not seen the Deployment": [
    { workloads: [deployment({ observedGeneration: 8 })] },
    { kind: "waiting" },
  ],
  "Ready, and the Deployment exceeded its deadline": [
    {
      workloads: [
        deployment({
          conditions: [
            {
              type: "Progressing",
              status: "False",
              reason: "ProgressDeadlineExceeded",
              message: "ReplicaSet has timed out progressing.",
            },
          ],
        }),
      ],
    },
    { kind: "failing", reason: "Deployment/ui: ReplicaSet has timed out progressing.", graceSeconds: 45 },
  ],
  "workloads in another cluster": [
    { workloads: undefined },
    { kind: "failing", reason: expect.stringContaining("what runs was not proven") },
  ],
  "a HelmRelease beside it, released": [
    { helmRelease: helmRelease() },
    { kind: "running", message: `applied and released at bbbbbbbbbb; Deployment/ui runs ${reference}` },
  ],
  "a HelmRelease alone": [
    { source: undefined, kustomization: undefined, helmRelease: helmRelease() },
    { kind: "running" },
  ],
  "a HelmRelease that Flux has not seen": [
    { helmRelease: helmRelease({ observedGeneration: 2 }) },
    { kind: "waiting", message: "HelmRelease ui has a change that Flux has not seen" },
  ],
  "a HelmRelease in its upgrade": [
    {
      helmRelease: helmRelease({
        conditions: [
          condition("Ready", "Unknown", "Progressing", "Running 'upgrade' action with timeout of 5m0s"),
        ],
      }),
    },
    {
      kind: "waiting",
      message: "HelmRelease ui: Progressing: Running 'upgrade' action with timeout of 5m0s",
    },
  ],
  "a HelmRelease whose upgrade failed": [
    {
      helmRelease: helmRelease({
        conditions: notReady(
          "UpgradeFailed",
          "Helm upgrade failed for release shop/ui: context deadline exceeded",
        ),
      }),
    },
    { kind: "failing", graceSeconds: 30 },
  ],
  "a HelmRelease that went back": [
    {
      helmRelease: helmRelease({
        conditions: [
          condition("Ready", "False", "RollbackSucceeded", "Helm rollback succeeded"),
          condition("Released", "False", "UpgradeFailed", "Helm upgrade failed: timed out"),
          condition("Remediated", "True", "RollbackSucceeded", "Helm rollback to previous release succeeded"),
        ],
      }),
    },
    {
      kind: "failed",
      reason:
        "HelmRelease ui failed, and Flux went back to the release before: UpgradeFailed: Helm upgrade failed: timed out",
    },
  ],
  "a HelmRelease without retries left": [
    {
      helmRelease: helmRelease({
        conditions: [condition("Stalled", "True", "RetriesExceeded", "Failed to upgrade after 3 attempt(s)")],
      }),
    },
    { kind: "failed" },
  ],
  "a suspended HelmRelease": [{ helmRelease: helmRelease({}, { suspend: true }) }, { kind: "paused" }],
};

describe("the verdict on Flux's objects", () => {
  test.each(Object.entries(rows))("%s", (_name, [objects, verdict]) => {
    expect(judgeFlux({ ...one, ...objects }, delivered())).toMatchObject(verdict);
  });
});

test.each([
  [`main@sha1:${commit}`, commit],
  [`refs/heads/main@sha1:${commit}`, commit],
  [`main/${commit}`, commit],
  ["1.2.3", undefined],
  [`latest@sha256:${"9".repeat(64)}`, "9".repeat(64)],
  [undefined, undefined],
])("the commit in revision %s is %s", (revision, found) => {
  expect(commitOf(revision)).toBe(found);
});
