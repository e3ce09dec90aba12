import { type Finding, findingKeys } from "../finding.ts";

/**
 * Whose a finding is. `base image`: a package of the base image. `our layer`: the Dockerfile put it there. `lock
 * file`: a package of a programming language in our own layers, which a lock file pins as a rule.
 */
export type Origin = "base image" | "our layer" | "lock file" | "unknown";

/** A layer of an image: scanners name it by its digest, or by the digest of its uncompressed content. */
export interface Layer {
  readonly digest: string;
  readonly diffId?: string;
}

/** A base image of a build, as one platform has it. */
export interface BaseLayers {
  /** Reference in the Dockerfile, as it was pulled. */
  readonly reference: string;
  /** What the build took: the digest of the index, or of the only manifest. */
  readonly digest: string;
  /** Digests of its layers, the lowest first. */
  readonly layers: readonly string[];
}

/** What is known of one platform's image. */
export interface LayerFacts {
  readonly layers: readonly Layer[];
  /** The base image that the last stage begins with; `none`: built from nothing. Undefined: not known. */
  readonly base: BaseLayers | "none" | undefined;
  /** Findings of the recorded base image, by the same source; undefined where nobody scanned it. */
  readonly inBase?: readonly Finding[];
}

/**
 * The base image whose layers an image begins with; of several (an image may be built on one that another stage
 * begins with, too), the one with the most. Undefined when it is none of them.
 */
export function baseOfLayers<B extends BaseLayers>(
  layers: readonly Layer[],
  candidates: readonly B[],
): B | undefined {
  const fitting = candidates.filter(
    (base) =>
      base.layers.length > 0 && base.layers.every((digest, index) => layers[index]?.digest === digest),
  );
  return fitting.toSorted((one, other) => other.layers.length - one.layers.length)[0];
}

/**
 * Whose a finding is, in this order:
 *
 * 1. built from nothing → ours
 * 2. no base image is known → unknown
 * 3. the package's layer: one of the base image's → base image, any other of the image → ours
 * 4. only the layer of the package database: one of the base image's → base image. Otherwise the findings of the
 *    base image say: this very finding with the same version → base image, else ours. Without them → unknown
 * 5. no layer, or one that the image does not have → unknown
 */
export function originOf(finding: Finding, { layers, base, inBase }: LayerFacts): Origin {
  if (base === "none") return ours(finding);
  if (base === undefined) return "unknown";
  const named = finding.layer ?? finding.databaseLayer;
  const at = layers.findIndex(
    ({ digest, diffId }) => named !== undefined && [digest, diffId].includes(named),
  );
  if (at === -1) return "unknown";
  if (at < base.layers.length) return "base image";
  if (finding.layer !== undefined) return ours(finding);
  if (inBase === undefined) return "unknown";
  return inBase.some((other) => isSame(finding, other)) ? "base image" : ours(finding);
}

/** Whether the findings of the base image are needed to tell whose these are. */
export function needsBaseFindings(findings: readonly Finding[], facts: LayerFacts): boolean {
  const { base, layers } = facts;
  if (base === undefined || base === "none") return false;
  return findings.some(
    ({ layer, databaseLayer }) =>
      layer === undefined &&
      databaseLayer !== undefined &&
      layers.findIndex(({ digest, diffId }) => [digest, diffId].includes(databaseLayer)) >=
        base.layers.length,
  );
}

/** Types of package URLs, and Inspector's package managers, of what a lock file pins. */
const languages = new Set([
  // https://github.com/package-url/purl-spec/blob/main/purl-types-index.json
  ...["cargo", "cocoapods", "composer", "conan", "cran", "gem", "golang", "hackage", "hex", "maven", "npm"],
  ...["nuget", "pub", "pypi", "swift"],
  // What Syft calls them.
  ...["go-module", "java-archive", "python", "rust-crate", "php-composer", "dotnet"],
  // https://docs.aws.amazon.com/inspector/v2/APIReference/API_VulnerablePackage.html
  ...["bundler", "yarn", "pnpm", "pip", "pipenv", "poetry", "gobinary", "gomod", "jar", "pom", "pythonpkg"],
  ...["nodepkg", "gemspec", "dotnet_core", "rustbinary"],
]);

function ours({ package: { purl = "", type = "" } }: Finding): Origin {
  const [, ofUrl = type] = /^pkg:([^/]+)\//.exec(purl) ?? [];
  return languages.has(ofUrl.toLowerCase()) ? "lock file" : "our layer";
}

/** The same vulnerability of the same version of the same package. */
function isSame(one: Finding, other: Finding): boolean {
  return one.package.version === other.package.version && isKnown(one, [other]);
}

function isKnown(finding: Finding, others: readonly Finding[]): boolean {
  const keys = new Set(others.flatMap(findingKeys));
  return findingKeys(finding).some((key) => keys.has(key));
}

/** What a build on the newest image of the base image's tag would change. */
export type Rebuild = {
  readonly reference: string;
  /** What the build took. */
  readonly from: string;
  /** What the tag stands for now. */
  readonly to: string;
} & (
  | {
      readonly known: true;
      /** Findings of the base image that the newer one has not, and how many it has in all. */
      readonly fixes: number;
      readonly of: number;
    }
  | { readonly known: false; readonly reason: string }
);

/** How many of the base image's findings a newer base image has not. */
export function countFixed(
  ofBase: readonly Finding[],
  inNewer: readonly Finding[],
): { readonly fixes: number; readonly of: number } {
  return { fixes: ofBase.filter((finding) => !isKnown(finding, inNewer)).length, of: ofBase.length };
}

/** `a rebuild on node:24 would fix 14 of the 17 findings of the base image`. */
export function rebuildText(rebuild: Rebuild): string {
  const on = `a rebuild on the newest ${rebuild.reference}`;
  if (!rebuild.known) return `what ${on} would fix is not known: ${rebuild.reason}`;
  const { fixes, of } = rebuild;
  const all = of === 1 ? "the 1 finding" : `the ${of} findings`;
  return `${on} would fix ${fixes === of ? "" : fixes === 0 ? "none of " : `${fixes} of `}${all} of the base image`;
}
