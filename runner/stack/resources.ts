import type { Service } from "../../config/catalogue/catalogue.ts";
import { imageResourceName } from "../../config/names.ts";

/** Pulumi's package of what is built. */
export const imagePackage = "docker-build";

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
  return resource && partsOf(services).get(keyOf(resource));
}

const indexes = new WeakMap<readonly Service[], ReadonlyMap<string, ImagePart>>();

/** All parts of the services' images: found once, since the engine tells of each resource several times. */
function partsOf(services: readonly Service[]): ReadonlyMap<string, ImagePart> {
  const known = indexes.get(services);
  if (known !== undefined) return known;
  const parts = services.flatMap(({ name, platforms }): [string, ImagePart][] => [
    [keyOf({ type: indexType, name }), { kind: "index", service: name }],
    ...platforms.map((platform): [string, ImagePart] => [
      keyOf({ type: imageType, name: imageResourceName(name, platform) }),
      { kind: "build", service: name, platform },
    ]),
  ]);
  // The first of two services whose parts have the same name, as one would be found by looking.
  const made = new Map(parts.toReversed());
  indexes.set(services, made);
  return made;
}

function keyOf({ type, name }: ResourceName): string {
  return `${type} ${name}`;
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
  const named = new Set(chosen);
  return services.filter(({ name }) => !named.has(name)).flatMap(patternsOf);
}

/**
 * Patterns for `--replace`: the images of the chosen services, which the registry does not have. The
 * engine would leave an image alone that its state says was pushed and that a lifecycle policy, say,
 * has taken since. Nothing is deleted by it: images are retained.
 */
export function replacedImages(services: readonly Service[], chosen: readonly string[]): string[] {
  const named = new Set(chosen);
  return services.filter(({ name }) => named.has(name)).flatMap(patternsOf);
}

/** Patterns for `--target`: the images of the chosen services and nothing else. */
export function targetedImages(services: readonly Service[], chosen: readonly string[]): string[] {
  return services
    .filter(({ name }) => chosen.includes(name))
    .flatMap((service) => [patternOf("slipway:index:ServiceImage", service.name), ...patternsOf(service)]);
}

/** Patterns of everything that makes up a service's image. */
function patternsOf({ name, platforms }: Service): string[] {
  return [
    ...platforms.map((platform) => patternOf(imageType, imageResourceName(name, platform))),
    patternOf(indexType, name),
  ];
}

function patternOf(type: string, resource: string): string {
  // `**` stands for anything, also for the types of parents (pulumi/pkg/resource/deploy/targets.go).
  return `urn:pulumi:*::*::**${type}::${resource}`;
}
