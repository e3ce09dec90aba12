import { posix } from "node:path";
import { z } from "zod";
import { isSameRepository, topped } from "./applications.ts";
import type { FilePlace } from "./places.ts";

const metadata = z.object({ name: z.string(), namespace: z.string().optional() });
const group = (name: string) => z.string().startsWith(`${name}.toolkit.fluxcd.io/`);
const sourceRef = metadata.extend({ kind: z.string() });

/** Parts of Flux 2's objects. https://fluxcd.io/flux/components/ */
const objectSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("Kustomization"),
    apiVersion: group("kustomize"),
    metadata,
    spec: z.object({ path: z.string().default("."), sourceRef }),
  }),
  z.object({
    kind: z.literal("HelmRelease"),
    apiVersion: group("helm"),
    metadata,
    spec: z.object({
      chart: z
        .object({
          spec: z.object({ chart: z.string(), sourceRef, valuesFiles: z.array(z.string()).optional() }),
        })
        .optional(),
    }),
  }),
  z.object({
    kind: z.literal("GitRepository"),
    apiVersion: group("source"),
    metadata,
    spec: z.object({ url: z.string(), ref: z.object({ branch: z.string().optional() }).optional() }),
  }),
]);
type Parsed = z.output<typeof objectSchema>;

/** An object of Flux, and the file that describes it. */
export type FluxObject = Parsed & {
  readonly path: string;
  /** The repository of that file, as services.yaml names it. */
  readonly repository: string | undefined;
};
type Of<Kind extends FluxObject["kind"]> = Extract<FluxObject, { readonly kind: Kind }>;

/** The object of Flux that a document describes; undefined for any other. */
export function fluxObjectIn(
  document: unknown,
  place: Pick<FluxObject, "path" | "repository">,
): FluxObject | undefined {
  const { data } = objectSchema.safeParse(document);
  return data && { ...data, ...place };
}

/** What of Flux deploys places of a repository; or why that can't be told. */
export type FluxFollow =
  | { readonly kustomization?: Of<"Kustomization">; readonly helmRelease?: Of<"HelmRelease"> }
  | { readonly note: string };

/**
 * The Kustomization that applies the files of places, and the HelmRelease whose values they are. Undefined when no
 * object deploys them.
 *
 * @param repository its address, as services.yaml names it
 */
export function fluxFor(
  repository: string,
  branch: string,
  places: readonly FilePlace[],
  objects: readonly FluxObject[],
): FluxFollow | undefined {
  const releases = places.flatMap((place) => releasesOf(repository, place, objects));
  const applied = places.flatMap((place) => kustomizationsOf(repository, place, objects));
  const [release, kustomization] = [releases[0], applied[0]];
  const names = new Set([...releases, ...applied].map((one) => `${one.object.kind} ${nameOf(one.object)}`));
  if (names.size > [release, kustomization].filter((one) => one !== undefined).length) {
    return { note: `several objects of Flux deploy its manifests (${[...names].join(", ")})` };
  }
  if (release !== undefined && release.object.metadata.namespace === undefined) {
    // A kustomization around it may set one.
    return { note: `the file of HelmRelease ${nameOf(release.object)} says no namespace` };
  }
  for (const one of [kustomization, release]) {
    const { source } = one ?? {};
    if (one === undefined || source === "none") continue;
    if (source === undefined) {
      return { note: `the source of ${one.object.kind} ${nameOf(one.object)} is not among the files` };
    }
    const followed = source.spec.ref?.branch ?? "master";
    if (followed !== branch) {
      return { note: `Flux's source ${nameOf(source)} is of ${followed}, and the checkout is of ${branch}` };
    }
  }
  if (release === undefined && kustomization === undefined) return undefined;
  return {
    ...(kustomization && { kustomization: kustomization.object }),
    ...(release && { helmRelease: release.object }),
  };
}

interface Deploying<Kind extends FluxObject["kind"]> {
  readonly object: Of<Kind>;
  /** `none`: another object applies the file. Undefined: it is not among the files. */
  readonly source: Of<"GitRepository"> | "none" | undefined;
}

/** The Kustomizations with the longest path that the file of a place lies in. */
function kustomizationsOf(
  repository: string,
  { path }: FilePlace,
  objects: readonly FluxObject[],
): readonly Deploying<"Kustomization">[] {
  const around = objects.flatMap((object) => {
    if (object.kind !== "Kustomization" || object.spec.sourceRef.kind !== "GitRepository") return [];
    const folder = topped(object.spec.path);
    const isIn = folder === "." || path.startsWith(`${folder}/`);
    const source = sourceOf(object, object.spec.sourceRef, objects);
    // Without its source, it counts for files that lie beside it.
    const isHere = isSameRepository(source?.spec.url ?? object.repository ?? "", repository);
    return isIn && isHere ? [{ object, source, depth: folder === "." ? 0 : folder.length }] : [];
  });
  const deepest = Math.max(...around.map(({ depth }) => depth));
  return around.filter(({ depth }) => depth === deepest);
}

/** The HelmReleases that take their values from a place. */
function releasesOf(
  repository: string,
  place: FilePlace,
  objects: readonly FluxObject[],
): readonly Deploying<"HelmRelease">[] {
  if (place.helm === undefined) return [];
  const { helm, path } = place;
  const all = objects.filter((object) => object.kind === "HelmRelease");
  const inFile = all.filter((one) => one.path === path && isSameRepository(one.repository ?? "", repository));
  // Of several documents, the place names the one that it is in.
  const own = inFile.filter(
    ({ metadata: { name } }) => inFile.length === 1 || helm.includes(`[metadata.name=${name}]`),
  );
  if (own.length > 0) return own.map((object) => ({ object, source: "none" }));
  return all.flatMap((object): Deploying<"HelmRelease">[] => {
    const chart = object.spec.chart?.spec;
    if (chart?.sourceRef.kind !== "GitRepository") return [];
    const source = sourceOf(object, chart.sourceRef, objects);
    if (source === undefined || !isSameRepository(source.spec.url, repository)) return [];
    return valueFilesIn(object).includes(path) ? [{ object, source }] : [];
  });
}

/** The files of values that a HelmRelease names, from the top of its chart's source. */
export function valueFilesIn(object: FluxObject): readonly string[] {
  const chart = object.kind === "HelmRelease" ? object.spec.chart?.spec : undefined;
  if (chart?.sourceRef.kind !== "GitRepository") return [];
  return (chart.valuesFiles ?? [posix.join(chart.chart, "values.yaml")]).map(topped);
}

function sourceOf(
  { metadata: { namespace } }: FluxObject,
  ref: z.output<typeof sourceRef>,
  objects: readonly FluxObject[],
): Of<"GitRepository"> | undefined {
  const wanted = ref.namespace ?? namespace;
  return objects
    .filter((object) => object.kind === "GitRepository")
    .find(({ metadata: { name, namespace: own } }) => {
      // Files may leave the namespace to whoever applies them.
      const isThere = wanted === undefined || own === undefined || wanted === own;
      return name === ref.name && isThere;
    });
}

function nameOf({ metadata: { name, namespace } }: FluxObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
