import { type Workload, workloadSchema } from "../../../../../../runner/kubernetes/objects.ts";
import {
  helmReleaseSchema,
  kustomizationSchema,
  sourceSchema,
} from "../../../../../../runner/targets/gitops/follow/flux/objects.ts";
import { commit, reference, type Status } from "../builders.ts";

/** A condition as Flux's controllers set it. */
export function condition(
  type: string,
  status: string,
  reason: string,
  message: string,
  observedGeneration = 3,
) {
  return { type, status, reason, message, observedGeneration, lastTransitionTime: "2026-11-28T10:00:00Z" };
}

const applied = condition(
  "Ready",
  "True",
  "ReconciliationSucceeded",
  `Applied revision: main@sha1:${commit}`,
);

/**
 * A Kustomization as kustomize-controller 1.x keeps it, which has applied our commit.
 * https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomization-status
 */
export function kustomization(status: Status = {}, spec: Status = {}, metadata: Status = {}) {
  return kustomizationSchema.parse({
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name: "apps", namespace: "flux-system", generation: 3, ...metadata },
    spec: {
      interval: "10m0s",
      path: "./apps/dev",
      prune: true,
      sourceRef: { kind: "GitRepository", name: "deploy" },
      ...spec,
    },
    status: {
      conditions: [applied],
      inventory: { entries: [{ id: "shop_ui_apps_Deployment", v: "v1" }] },
      lastAppliedRevision: `main@sha1:${commit}`,
      lastAttemptedRevision: `main@sha1:${commit}`,
      observedGeneration: 3,
      ...status,
    },
  });
}

/** The status of a Kustomization that is at a revision. */
export function attempted(
  revision: string,
  conditions: readonly object[] = [applied],
  appliedRevision = revision,
) {
  return {
    lastAttemptedRevision: `main@sha1:${revision}`,
    lastAppliedRevision: `main@sha1:${appliedRevision}`,
    conditions,
  };
}

/**
 * A GitRepository as source-controller 1.x keeps it, which has fetched our commit.
 * https://fluxcd.io/flux/components/source/gitrepositories/#gitrepository-status
 */
export function source(status: Status = {}, spec: Status = {}) {
  return sourceSchema.parse({
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name: "deploy", namespace: "flux-system", generation: 1 },
    spec: { url: "ssh://git@github.com/acme/deploy", ref: { branch: "main" }, ...spec },
    status: {
      artifact: { revision: `main@sha1:${commit}`, digest: "sha256:ab" },
      conditions: [condition("Ready", "True", "Succeeded", "stored artifact", 1)],
      observedGeneration: 1,
      ...status,
    },
  });
}

/**
 * A HelmRelease as helm-controller 1.x keeps it, released as it is written.
 * https://fluxcd.io/flux/components/helm/helmreleases/#helmrelease-status
 */
export function helmRelease(status: Status = {}, spec: Status = {}) {
  return helmReleaseSchema.parse({
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: { name: "ui", namespace: "shop", generation: 3 },
    spec: { chart: { spec: { chart: "web", version: "1.2.3" } }, ...spec },
    status: {
      conditions: [
        condition("Ready", "True", "UpgradeSucceeded", "Helm upgrade succeeded for release shop/ui.v7"),
        condition("Released", "True", "UpgradeSucceeded", "Helm upgrade succeeded for release shop/ui.v7"),
      ],
      history: [{ name: "ui", namespace: "shop", version: 7, chartVersion: "1.2.3", status: "deployed" }],
      lastAttemptedRevision: "1.2.3",
      lastAttemptedGeneration: 3,
      observedGeneration: 3,
      ...status,
    },
  });
}

/** A Deployment with three pods, all of our image and available. */
export function deployment(status: Status = {}, image = reference): Workload {
  return workloadSchema.parse({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "ui", namespace: "shop", generation: 9 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "ui" } },
      template: { spec: { containers: [{ name: "ui", image }] } },
    },
    status: {
      observedGeneration: 9,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      ...status,
    },
  });
}
