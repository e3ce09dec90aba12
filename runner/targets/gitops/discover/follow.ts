import { type Application, sourceOf } from "./applications.ts";
import { type FluxFollow, type FluxObject, fluxFor } from "./flux.ts";
import type { FilePlace } from "./places.ts";

/** What files say of what deploys manifests. */
export interface Deployers {
  readonly applications: readonly Application[];
  readonly flux: readonly FluxObject[];
}

/** `follow` of a target; undefined when nothing is known to deploy it. The note says why, where it matters. */
export interface ProposedFollow {
  readonly follow?: object;
  readonly note?: string;
}

/**
 * What deploys places of a repository: the one Argo CD Application, or the one Kustomization and HelmRelease of Flux.
 *
 * @param forStack puts `${stack}` where a text has the stack's name
 */
export function followOf(
  repository: string,
  branch: string,
  places: readonly FilePlace[],
  { applications, flux }: Deployers,
  forStack: (text: string) => string,
): ProposedFollow {
  const argocd = argocdOf(repository, branch, places, applications, forStack);
  const found = fluxFor(repository, branch, places, flux);
  if (found === undefined) return argocd;
  if (argocd.follow !== undefined || argocd.note !== undefined) {
    return { note: "Argo CD and Flux both deploy its manifests: write follow by hand" };
  }
  return "note" in found ? { note: `${found.note}: write follow by hand` } : fluxOf(found, forStack);
}

function argocdOf(
  repository: string,
  branch: string,
  places: readonly FilePlace[],
  applications: readonly Application[],
  forStack: (text: string) => string,
): ProposedFollow {
  const pointing = applications.flatMap((application) => {
    const source = places
      .map((place) => sourceOf(application, repository, place))
      .find((one) => one !== undefined);
    return source === undefined ? [] : [{ application, revision: source.revision ?? "HEAD" }];
  });
  const [first] = pointing;
  if (first === undefined) return {};
  const names = [
    ...new Set(pointing.map(({ application: { name, namespace } }) => `${namespace ?? ""}/${name}`)),
  ];
  if (names.length > 1) {
    return {
      note: `several Applications deploy its manifests (${names.map((name) => name.replace(/^\//, "")).join(", ")}): write follow by hand`,
    };
  }
  if (!["", "HEAD", branch, `refs/heads/${branch}`].includes(first.revision)) {
    return {
      note: `the Application ${first.application.name} deploys ${first.revision}, and the checkout is of ${branch}: check branch, and write follow by hand`,
    };
  }
  const { name, namespace } = first.application;
  const application = forStack(name);
  return { follow: { argocd: { application, ...unlessDefault({ namespace }, "argocd", forStack) } } };
}

function fluxOf(
  { kustomization, helmRelease }: Exclude<FluxFollow, { readonly note: string }>,
  forStack: (text: string) => string,
): ProposedFollow {
  const namespace =
    kustomization?.metadata.namespace ?? (kustomization ? undefined : helmRelease?.metadata.namespace);
  const own = helmRelease?.metadata.namespace;
  return {
    follow: {
      flux: {
        ...(kustomization && { kustomization: forStack(kustomization.metadata.name) }),
        ...(helmRelease && { helmRelease: forStack(helmRelease.metadata.name) }),
        ...unlessDefault({ namespace }, "flux-system", forStack),
        ...unlessDefault({ helmReleaseNamespace: own }, namespace ?? "flux-system", forStack),
      },
    },
  };
}

/** A setting, unless it has the value that is taken without it. */
function unlessDefault(
  setting: Readonly<Record<string, string | undefined>>,
  usual: string,
  forStack: (text: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(setting).flatMap(([key, value]) =>
      value === undefined || value === usual ? [] : [[key, forStack(value)]],
    ),
  );
}
