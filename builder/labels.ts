import type { Service } from "../config/catalogue/catalogue.ts";

/**
 * Labels of a service's image: what it is and where it comes from. Only what stays the same as long as
 * the source does: a commit, a date or a branch in a label would build every image on every commit;
 * they are recorded with the deployment.
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
