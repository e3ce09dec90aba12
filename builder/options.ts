import type { Service } from "../config/catalogue/catalogue.ts";

/**
 * Time that BuildKit writes into an image instead of that of the build (1980, as in zip files): the same
 * source gives the same digest again, so that a rebuild by another machine or stack deploys nothing.
 * https://github.com/moby/buildkit/blob/master/docs/build-repro.md#source_date_epoch
 */
const reproducible = { SOURCE_DATE_EPOCH: "315532800" } as const;

/** The arguments that a service is built with, wherever it is built. */
export function buildArguments(service: Service): Record<string, string> {
  return { ...reproducible, ...service.arguments };
}
