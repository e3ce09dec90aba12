import { posix } from "node:path";
import { formatPath, type PathStep } from "../../../../config/targets/gitops/path.ts";
import { parseManifest } from "../edit/manifest.ts";

/** A place in a file as `files` of a target has it: one of the three keys is there. */
export interface FilePlace {
  readonly path: string;
  readonly kustomize?: string;
  readonly helm?: string;
  readonly yaml?: string;
}

/** A place that names an image. */
export interface NamedPlace {
  readonly place: FilePlace;
  /** The image without tag and digest. */
  readonly image: string;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The documents of a file of manifests, as values.
 *
 * @throws UserError `manifest-refused` for a file that Slipway could not edit
 */
export function documentsIn(path: string, text: string): readonly unknown[] {
  return parseManifest(text, path).documents.map((document): unknown =>
    document.toJS({ maxAliasCount: 100 }),
  );
}

/**
 * Every place in a file that names an image: entries of a kustomization, containers of Kubernetes objects, and
 * images of Helm values.
 *
 * @param isValues whether the file holds the values of a chart
 */
export function placesIn(
  path: string,
  documents: readonly unknown[],
  isValues: boolean,
): readonly NamedPlace[] {
  if (isKustomization(path)) return documents.flatMap((document) => entriesOf(path, document));
  return documents.flatMap((document) => {
    if (!isMap(document)) return [];
    const { apiVersion, kind, metadata } = document;
    if (typeof apiVersion !== "string" || typeof kind !== "string") {
      return isValues && documents.length === 1 ? helmImages(path, document, []) : [];
    }
    const name = isMap(metadata) && typeof metadata.name === "string" ? metadata.name : undefined;
    const chosen =
      documents.length > 1
        ? [where("kind", kind), ...(name === undefined ? [] : [where("metadata.name", name)])]
        : [];
    if (kind === "HelmRelease") return under(document, ["spec", "values"], chosen, path);
    if (kind === "Application")
      return under(document, ["spec", "source", "helm", "valuesObject"], chosen, path);
    return containerImages(path, document, chosen);
  });
}

/** Whether a path is a kustomization's. https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ */
function isKustomization(path: string): boolean {
  return /^(kustomization\.ya?ml|Kustomization)$/.test(posix.basename(path));
}

/** Whether a path is called as files of Helm values are. */
export function isValuesFile(path: string): boolean {
  return /(^|[-_.])values([-_.].*)?\.ya?ml$/.test(posix.basename(path));
}

/** The name in a reference, without tag and digest. */
export function imageName(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

function entriesOf(path: string, document: unknown): NamedPlace[] {
  const images = isMap(document) ? document.images : undefined;
  if (!Array.isArray(images)) return [];
  return images.flatMap((entry: unknown) => {
    if (!isMap(entry) || typeof entry.name !== "string") return [];
    const image = typeof entry.newName === "string" ? entry.newName : entry.name;
    return [{ place: { path, kustomize: entry.name }, image: imageName(image) }];
  });
}

function containerImages(path: string, node: unknown, steps: readonly PathStep[]): NamedPlace[] {
  return children(node, steps).flatMap(({ key, value, at }) => {
    if ((key === "containers" || key === "initContainers") && Array.isArray(value)) {
      return children(value, at).flatMap((container): NamedPlace[] => {
        const image = isMap(container.value) ? container.value.image : undefined;
        if (typeof image !== "string") return [];
        const yaml = formatPath([...container.at, { kind: "key", key: "image" }]);
        return [{ place: { path, yaml }, image: imageName(image) }];
      });
    }
    return containerImages(path, value, at);
  });
}

function under(
  document: Values,
  keys: readonly string[],
  chosen: readonly PathStep[],
  path: string,
): NamedPlace[] {
  let node: unknown = document;
  for (const key of keys) node = isMap(node) ? node[key] : undefined;
  return helmImages(path, node, [...chosen, ...keys.map((key): PathStep => ({ kind: "key", key }))]);
}

function helmImages(path: string, node: unknown, steps: readonly PathStep[]): NamedPlace[] {
  if (isMap(node) && typeof node.repository === "string" && steps.length > 0) {
    const registry = typeof node.registry === "string" && node.registry !== "" ? `${node.registry}/` : "";
    return [{ place: { path, helm: formatPath(steps) }, image: `${registry}${node.repository}` }];
  }
  return children(node, steps).flatMap(({ key, value, at }): NamedPlace[] => {
    if (typeof value !== "string") return helmImages(path, value, at);
    // Beside a tag of its own, the text is not the whole reference.
    const isAlone = isMap(node) && !Object.keys(node).some((other) => /^(image)?(tag|digest)$/i.test(other));
    return /^image$|Image$/.test(key) && isAlone
      ? [{ place: { path, helm: formatPath(at) }, image: imageName(value) }]
      : [];
  });
}

interface Child {
  readonly key: string;
  readonly value: unknown;
  readonly at: readonly PathStep[];
}

/** The values below a map or a list; an item is told by its name where it has one of its own. */
function children(node: unknown, steps: readonly PathStep[]): readonly Child[] {
  if (Array.isArray(node)) {
    const names = node.map((item: unknown) => (isMap(item) ? item.name : undefined));
    return node.map((value: unknown, index): Child => {
      const name: unknown = names[index];
      const isOwn = typeof name === "string" && names.indexOf(name) === names.lastIndexOf(name);
      const step: PathStep = isOwn ? where("name", name) : { kind: "index", index };
      return { key: "", value, at: [...steps, step] };
    });
  }
  if (!isMap(node)) return [];
  return Object.entries(node).map(([key, value]) => ({ key, value, at: [...steps, { kind: "key", key }] }));
}

function where(keys: string, value: string): PathStep {
  return { kind: "where", keys: keys.split("."), value };
}

function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
