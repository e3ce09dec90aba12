import type { Service } from "../config/catalogue/catalogue.ts";

/**
 * The labels of a service's image. They hold only what stays the same while the source does: a commit, a date
 * or a branch in a label would rebuild every image on every commit. The release record has those.
 * https://github.com/opencontainers/image-spec/blob/main/annotations.md
 */
export function imageLabels(
  service: Service,
  sourceHash: string,
  source: string | undefined,
  further: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    "org.opencontainers.image.title": service.name,
    ...(service.description !== undefined && {
      "org.opencontainers.image.description": service.description,
    }),
    ...(source !== undefined && { "org.opencontainers.image.source": source }),
    "dev.slipway.source-hash": sourceHash,
    ...further,
  };
}
