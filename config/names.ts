import type { Catalogue, Service } from "./catalogue/catalogue.ts";
import type { Settings } from "./settings.ts";
import { partitionOf } from "./stack/partition.ts";
import { sourceTagPrefix } from "./stack/retention.ts";

/** Name of the service's ECR repository: its own setting, or the stack's prefix and its name. */
export function repositoryName(settings: Settings, service: Service): string {
  if (service.repository !== undefined) return service.repository;
  const prefix = settings.repositories.prefix;
  return prefix === undefined ? service.name : `${prefix}/${service.name}`;
}

/** Name of the repository that holds the build cache. */
export function cacheRepositoryName(settings: Settings): string {
  const { prefix } = settings.repositories;
  return prefix === undefined ? "slipway-build-cache" : `${prefix}/slipway-build-cache`;
}

/** Tag of a service's build cache for one platform, in the cache's repository. */
export function cacheTag(service: string, platform: string): string {
  return imageResourceName(service, platform);
}

/**
 * Whether a tag of the cache's repository is one that a build of this catalogue writes again. Of a service that this
 * stack leaves out, the platforms are not known: another stack with the same prefix may write any.
 */
export function isCacheTag({ services, leftOut = [] }: Catalogue, tag: string): boolean {
  return (
    services.some(({ name, platforms }) => platforms.some((platform) => cacheTag(name, platform) === tag)) ||
    leftOut.some((name) => tag.startsWith(cacheTag(name, "linux/")))
  );
}

/** Host (and port) of the registry. Computed, so that it is known before any repository exists. */
export function registryHost(settings: Settings, account: string): string {
  if (settings.registry !== undefined) return settings.registry;
  const { region } = settings.aws;
  return `${account}.dkr.ecr.${region}.${partitionOf(region).dnsSuffix}`;
}

/** Registries on this machine speak HTTP, as Docker takes for granted; all others HTTPS. Pure. */
export function registryUrl(host: string): string {
  const local = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host);
  return `${local ? "http" : "https"}://${host}/`;
}

/** Tag of an image with its source hash. */
export function sourceTag(sourceHash: string): string {
  return `${sourceTagPrefix}${sourceHash}`;
}

/** An image by the tag of its source hash, as `ref` of Pulumi's Index has it. */
export interface SourceReference {
  readonly sourceHash: string;
  /** Digest of the index. */
  readonly digest: string;
}

/** Takes `<url>:src-<hash>@<digest>` apart; undefined for anything else. */
export function parseSourceReference(reference: string): SourceReference | undefined {
  const [, sourceHash, digest] = /:src-([0-9a-f]+)@(sha256:[0-9a-f]{64})$/.exec(reference) ?? [];
  return sourceHash === undefined || digest === undefined ? undefined : { sourceHash, digest };
}

/** Pulumi name of the Image resource for one platform of a service: `ui-linux-arm64`. */
export function imageResourceName(service: string, platform: string): string {
  return `${service}-${platform.replaceAll("/", "-")}`;
}

/**
 * Tag on the newest release record of a stack, in each service's repository: `inuse-releases.prod`.
 *
 * Under `inuse-`, so that it may move and is kept without a filter and a rule of its own: ECR takes five
 * filters, and a `release-*` would unlock every `release-1.2` that a team makes. No keep-tag is ever
 * called so: those are `inuse-<stack>-<kind>-<name>`.
 */
export function releaseTag(stack: string): string {
  return `inuse-releases.${stack.replaceAll(/[^A-Za-z0-9._-]/g, "-")}`.slice(0, 128);
}

/** The stack whose newest release record has this tag; undefined for any other tag. */
export function stackOfReleaseTag(tag: string): string | undefined {
  return /^inuse-releases\.(.+)$/.exec(tag)?.[1];
}

/**
 * Tags that list what refers to an image, in a registry that keeps no such list itself. ECR does: they
 * are not excluded from immutability.
 */
export const referrersTags = "sha256-*";

/** Tags that Slipway itself moves; excluded from immutability. */
export const ownMovingTags = ["src-*", "inuse-*", "lastgood-*"] as const;

/**
 * Environment variable with the names of the services whose images a run may build, separated by commas;
 * unset: all. The command sets it for the program, so that other services' build secrets need not be there.
 */
export const servicesVariable = "SLIPWAY_SERVICES";

/**
 * Environment variable: set while the runner asks the program for nothing but the images of the services that
 * `SLIPWAY_SERVICES` names.
 */
export const imagesOnlyVariable = "SLIPWAY_IMAGES_ONLY";

/**
 * Environment variable: the registry's login for such a run, `user:token` in base64. It saves the start of the
 * AWS provider, which would have nothing else to do.
 */
export const registryLoginVariable = "SLIPWAY_REGISTRY_LOGIN";

/**
 * Pulumi names of the two Stash resources that say what the stack declares: one is written before everything
 * else, the other after everything else. They are the same only if nothing in between failed.
 */
export const declarationNames = { begun: "declaration-begun", complete: "declaration-complete" } as const;
