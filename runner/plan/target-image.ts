import type { Image } from "../registry/image.ts";

/** Images by service name. */
export function imagesByService(images: readonly Image[]): ReadonlyMap<string, Image> {
  return new Map(images.map((image) => [image.service, image]));
}
