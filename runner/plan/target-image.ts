import type { Target } from "../../config/catalogue/catalogue.ts";
import type { Image } from "../registry/image.ts";
import type { TargetImage } from "../targets/target.ts";

/**
 * What a target of a service is moved to, among the images of a run: into a task definition go those of
 * all services of the run that it has containers for, in one revision.
 *
 * @param images by service: those that this run moves targets to
 */
export function targetImage(target: Target, image: Image, images: ReadonlyMap<string, Image>): TargetImage {
  if (target.kind !== "ecs") return image;
  const containers = Object.entries(target.containers).flatMap(([container, service]) => {
    const one = service === image.service ? image : images.get(service);
    return one === undefined ? [] : [[container, one] as const];
  });
  // The target's own service comes first.
  containers.sort(([, a], [, b]) => Number(b === image) - Number(a === image));
  return { ...image, containers: Object.fromEntries(containers) };
}

/** Images by the service that they are of. */
export function imagesByService(images: readonly Image[]): ReadonlyMap<string, Image> {
  return new Map(images.map((image) => [image.service, image]));
}
