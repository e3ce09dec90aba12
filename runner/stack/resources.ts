import type { Service } from "../../config/catalogue/catalogue.ts";
import { imageResourceName } from "../../config/names.ts";

/** Pulumi's types of what is built: one Image a platform, one Index a service. */
export const imageType = "docker-build:index:Image";
export const indexType = "docker-build:index:Index";

/** What a URN names: `urn:pulumi:<stack>::<project>::<types of parents>$<type>::<name>`. */
export interface ResourceName {
  readonly type: string;
  readonly name: string;
}

/** A resource's own type and name out of its URN; undefined when it is no URN. */
export function resourceOf(urn: string): ResourceName | undefined {
  const [types, name] = /^urn:pulumi:[^:]+::[^:]+::(.+?)::(.+)$/.exec(urn)?.slice(1) ?? [];
  if (types === undefined || name === undefined) return undefined;
  return { type: types.split("$").at(-1) ?? types, name };
}

/** A part of an image that the engine works on: one platform's build, or the index that joins them. */
export type ImagePart =
  | { readonly kind: "build"; readonly service: string; readonly platform: string }
  | { readonly kind: "index"; readonly service: string };

/** Which part of which service's image a URN names; undefined for everything else. */
export function imagePartOf(urn: string, services: readonly Service[]): ImagePart | undefined {
  const resource = resourceOf(urn);
  if (resource?.type === indexType) {
    const service = services.find(({ name }) => name === resource.name);
    return service && { kind: "index", service: service.name };
  }
  if (resource?.type !== imageType) return undefined;
  for (const { name, platforms } of services) {
    const platform = platforms.find((one) => imageResourceName(name, one) === resource.name);
    if (platform !== undefined) return { kind: "build", service: name, platform };
  }
  return undefined;
}

/** Id of the step that shows an image's part: `build ui linux/arm64`, `index ui`. */
export function stepOf(part: ImagePart): string {
  return part.kind === "build" ? `build ${part.service} ${part.platform}` : `index ${part.service}`;
}

/**
 * Patterns for `--exclude`: the images of all services but the chosen ones, so that an update of the
 * stack brings its infrastructure up to date and builds nothing that was not asked for.
 */
export function excludedImages(services: readonly Service[], chosen: readonly string[]): string[] {
  return services.filter(({ name }) => !chosen.includes(name)).flatMap(patternsOf);
}

/**
 * Patterns for `--replace`: the images of the chosen services, which the registry does not have. The
 * engine would leave an image alone that its state says was pushed and that a lifecycle policy, say,
 * has taken since. Nothing is deleted by it: images are retained.
 */
export function replacedImages(services: readonly Service[], chosen: readonly string[]): string[] {
  return services.filter(({ name }) => chosen.includes(name)).flatMap(patternsOf);
}

/** Patterns of everything that makes up a service's image. */
function patternsOf({ name, platforms }: Service): string[] {
  // `**` stands for anything, also for the types of parents (pulumi/pkg/resource/deploy/targets.go).
  const pattern = (type: string, resource: string) => `urn:pulumi:*::*::**${type}::${resource}`;
  return [
    ...platforms.map((platform) => pattern(imageType, imageResourceName(name, platform))),
    pattern(indexType, name),
  ];
}
