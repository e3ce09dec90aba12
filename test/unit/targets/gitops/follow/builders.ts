import { applicationSchema } from "../../../../../runner/targets/gitops/follow/argocd/application.ts";
import type { Delivered, Standing } from "../../../../../runner/targets/gitops/follow/verdict.ts";

export const commit = "b".repeat(40);
export const earlier = "a".repeat(40);
export const later = "c".repeat(40);
export const foreign = "d".repeat(40);
export const digest = `sha256:${"1".repeat(64)}`;
export const oldDigest = `sha256:${"0".repeat(64)}`;
export const host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
export const reference = `${host}/shop/ui@${digest}`;
export const repository = "git@github.com:acme/deploy.git";

/** What was delivered: `later` still sets our image, `foreign` sets another. */
export function delivered(more: Partial<Delivered> = {}): Delivered {
  const standings: [string, Standing][] = [
    [commit, "ours"],
    [earlier, "before"],
    [later, "holds"],
    [foreign, "overtaken"],
  ];
  return { repository, branch: "main", commit, digest, reference, standings: new Map(standings), ...more };
}

/** Parts of a status that replace those of an Application that runs our commit well. */
export type Status = Readonly<Record<string, unknown>>;

/**
 * An Application as Argo CD 2.14 keeps it, Synced to our commit and Healthy.
 *
 * @param status replaces parts of its status; undefined removes one
 * @param spec replaces parts of its spec
 */
export function application(status: Status = {}, spec: Status = {}, metadata: Status = {}) {
  return applicationSchema.parse({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: {
      name: "ui-dev",
      namespace: "argocd",
      generation: 214,
      resourceVersion: "918273",
      uid: "6e0d2a54-7a0c-4b93-9bd2-7e3b1c7a3c11",
      ...metadata,
    },
    spec: {
      project: "default",
      source: {
        repoURL: "https://github.com/acme/deploy",
        path: "apps/ui/overlays/dev",
        targetRevision: "main",
      },
      destination: { server: "https://kubernetes.default.svc", namespace: "shop" },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      ...spec,
    },
    status: {
      controllerNamespace: "argocd",
      sourceType: "Kustomize",
      sync: {
        comparedTo: { source: { repoURL: "https://github.com/acme/deploy" }, destination: {} },
        revision: commit,
        status: "Synced",
      },
      health: { status: "Healthy", lastTransitionTime: "2026-11-28T10:00:40Z" },
      history: [{ id: 7, revision: earlier, deployedAt: "2026-11-27T09:00:00Z" }],
      operationState: {
        phase: "Succeeded",
        message: "successfully synced (all tasks run)",
        startedAt: "2026-11-28T10:00:10Z",
        finishedAt: "2026-11-28T10:00:12Z",
        operation: { sync: { revision: commit, prune: true }, initiatedBy: { automated: true } },
        syncResult: {
          revision: commit,
          source: { repoURL: "https://github.com/acme/deploy", path: "apps/ui/overlays/dev" },
          resources: [
            {
              group: "apps",
              version: "v1",
              kind: "Deployment",
              namespace: "shop",
              name: "ui",
              status: "Synced",
              message: "deployment.apps/ui configured",
              hookPhase: "Running",
              syncPhase: "Sync",
            },
          ],
        },
      },
      reconciledAt: "2026-11-28T10:00:41Z",
      resources: [
        {
          version: "v1",
          kind: "Service",
          namespace: "shop",
          name: "ui",
          status: "Synced",
          health: { status: "Healthy" },
        },
        {
          group: "apps",
          version: "v1",
          kind: "Deployment",
          namespace: "shop",
          name: "ui",
          status: "Synced",
          health: { status: "Healthy" },
        },
      ],
      summary: { images: [reference] },
      ...status,
    },
  });
}

/** A resource in `status.resources`. */
export function resource(
  kind: string,
  name: string,
  health?: { status: string; message?: string },
  status = "Synced",
) {
  const group = kind === "Rollout" ? "argoproj.io" : "apps";
  return {
    group,
    version: "v1",
    kind,
    namespace: "shop",
    name,
    status,
    ...(health === undefined ? {} : { health }),
  };
}

/** An operation that has ended, or runs, on a revision. */
export function operation(phase: string, revision: string, message: string, more: Status = {}) {
  const isOver = phase !== "Running" && phase !== "Terminating";
  return {
    phase,
    message,
    startedAt: "2026-11-28T10:00:10Z",
    ...(isOver ? { finishedAt: "2026-11-28T10:00:12Z" } : {}),
    operation: { sync: { revision } },
    syncResult: { revision, resources: [] },
    ...more,
  };
}
