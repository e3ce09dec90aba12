import { isAbort } from "../../../../../config/problems/abort.ts";
import { firstLine } from "../../../../../config/problems/first-line.ts";
import type { FluxSettings } from "../../../../../config/targets/gitops/follow.ts";
import { ifReadable } from "../../../../kubernetes/attempt.ts";
import { collectPodEvidence } from "../../../../kubernetes/evidence.ts";
import { type Kubectl, openKubectl } from "../../../../kubernetes/kubectl.ts";
import { listOf, type Workload, workloadSchema } from "../../../../kubernetes/objects.ts";
import { imagesOf } from "../../../../kubernetes/workload.ts";
import type { FollowerOptions } from "../argocd/follower.ts";
import type { Follower } from "../follower.ts";
import { isOurImage } from "../verdict.ts";
import {
  commitOf,
  type FluxSource,
  helmReleaseSchema,
  type Kustomization,
  kustomizationSchema,
  sourceSchema,
} from "./objects.ts";
import { type FluxObjects, judgeFlux } from "./verdict.ts";

const kinds = {
  kustomization: "kustomizations.kustomize.toolkit.fluxcd.io",
  helmRelease: "helmreleases.helm.toolkit.fluxcd.io",
} as const;

/** Follows Flux's Kustomization, its source, and a HelmRelease. */
export function followFlux(
  settings: FluxSettings,
  { signal, clock, log }: FollowerOptions,
  kubectl: Kubectl = openKubectl(settings, signal),
): Follower {
  const { kustomization: name, helmRelease, namespace } = settings;
  const releaseNamespace = settings.helmReleaseNamespace ?? namespace;
  let seen: FluxObjects = { workloads: [] };
  let isRefused = false;
  const refresh: Follower["refresh"] = async () => {
    if (isRefused) return;
    const requested = `reconcile.fluxcd.io/requestedAt=${new Date(clock.now()).toISOString()}`;
    const annotate = (kind: string, object: string, where: string) =>
      kubectl.text(["annotate", kind, object, requested, "--namespace", where, "--overwrite"]);
    try {
      // The source first: a Kustomization that is asked before it has fetched takes what it had.
      const { source, kustomization } = seen;
      if (source !== undefined && kustomization !== undefined) {
        const { kind } = kustomization.spec.sourceRef;
        await annotate(sourceKind(kind), source.metadata.name, source.metadata.namespace ?? namespace);
      }
      if (name !== undefined) await annotate(kinds.kustomization, name, namespace);
      if (helmRelease !== undefined) await annotate(kinds.helmRelease, helmRelease, releaseNamespace);
    } catch (error) {
      if (isAbort(error)) throw error;
      isRefused = true;
      log(`Flux was not asked to reconcile, and does by its interval: ${firstLine(error)}`);
    }
  };
  const get = (kind: string, object: string, where: string) =>
    kubectl.json(["get", kind, object, "--namespace", where]);
  const titles = [
    ...(name === undefined ? [] : [`Kustomization ${name}`]),
    ...(helmRelease === undefined ? [] : [`HelmRelease ${helmRelease}`]),
  ];
  return {
    name: `Flux, ${titles.join(", ")}`,
    refresh,
    async look() {
      seen = await readObjects();
      const objects = seen;
      const named = [
        objects.source?.status.artifact?.revision,
        objects.kustomization?.status.lastAttemptedRevision,
        objects.helmRelease?.status.lastAttemptedRevision,
      ];
      return {
        revisions: [...new Set(named.flatMap((one) => commitOf(one) ?? []))],
        judge: (delivered) => judgeFlux(objects, delivered),
      };
    },
    async faults({ branch }) {
      const { kustomization, source, helmRelease: release } = await readObjects();
      const suspended = [kustomization, source, release].filter((one) => one?.spec.suspend === true);
      const followed = source?.spec.ref?.branch;
      return [
        ...suspended.map((one) => ({
          message: `${one?.metadata.name} is suspended`,
          fix: "resume it: flux resume, or spec.suspend: false in the repository",
        })),
        ...(followed === undefined || followed === branch
          ? []
          : [
              {
                message: `source ${source?.metadata.name} follows ${followed}, and the target commits to ${branch}`,
                fix: "correct follow, or branch of the target",
              },
            ]),
      ];
    },
    async evidence(delivered) {
      const isOurs = (image: string) => isOurImage(image, delivered);
      const { workloads = [] } = seen;
      const ours = workloads.filter((one) => imagesOf(one).some(isOurs));
      const chosen = ours.length > 0 ? ours : workloads;
      const namespaces = Map.groupBy(chosen, ({ metadata }) => metadata.namespace ?? "default");
      const all = await Promise.all(
        [...namespaces].slice(0, 3).map(([where, some]) =>
          collectPodEvidence(kubectl, {
            namespace: where,
            objects: some.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
            isOurs,
          }),
        ),
      );
      return all.flat();
    },
  };

  async function readObjects(): Promise<FluxObjects> {
    const [kustomization, release] = await Promise.all([
      name === undefined
        ? undefined
        : get(kinds.kustomization, name, namespace).then((found) => kustomizationSchema.parse(found)),
      helmRelease === undefined
        ? undefined
        : get(kinds.helmRelease, helmRelease, releaseNamespace).then((found) =>
            helmReleaseSchema.parse(found),
          ),
    ]);
    const source = kustomization === undefined ? undefined : await readSource(kustomization);
    const isAway = [kustomization, release].some((one) => one?.spec.kubeConfig !== undefined);
    const workloads = isAway ? undefined : await readWorkloads();
    return { kustomization, helmRelease: release, source, workloads };
  }

  async function readSource({ spec }: Kustomization): Promise<FluxSource | undefined> {
    const { kind, name: source, namespace: where = namespace } = spec.sourceRef;
    return sourceSchema.safeParse(await ifReadable(get(sourceKind(kind), source, where))).data;
  }

  /** By the labels that Flux puts on everything that it makes. */
  async function readWorkloads(): Promise<readonly Workload[]> {
    const labels =
      helmRelease === undefined
        ? `kustomize.toolkit.fluxcd.io/name=${name},kustomize.toolkit.fluxcd.io/namespace=${namespace}`
        : `helm.toolkit.fluxcd.io/name=${helmRelease},helm.toolkit.fluxcd.io/namespace=${releaseNamespace}`;
    const types = "deployments.apps,statefulsets.apps,daemonsets.apps";
    const found = await kubectl.json(["get", types, "--all-namespaces", "--selector", labels]);
    return listOf(workloadSchema).parse(found).items;
  }
}

function sourceKind(kind: string): string {
  return `${kind.toLowerCase().replace(/y$/, "ie")}s.source.toolkit.fluxcd.io`;
}
