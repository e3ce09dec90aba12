import type { PlannedImage } from "../registry/image.ts";

/** Images by service name. */
export function imagesByService<I extends PlannedImage>(images: readonly I[]): ReadonlyMap<string, I> {
  return new Map(images.map((image) => [image.service, image]));
}
