import type { Service } from "../../config/catalogue/catalogue.ts";
import { isLocalContext } from "../../config/catalogue/contexts.ts";
import { catalogueFile, stackFile } from "../../config/description/description.ts";
import type { ComparedService } from "./compare.ts";

/**
 * Files and folders that decide what is built: those that the build reads and, where it is still to be
 * built, those that describe it. (An image that is there was built from this very source, whatever else
 * has changed in the description since.)
 */
export function pathsRead(
  { service, image }: Pick<ComparedService, "service" | "image">,
  stack: string,
): string[] {
  return [...sourcePaths(service), ...(image === undefined ? [catalogueFile, stackFile(stack)] : [])];
}

/** Files and folders that a service's build reads. */
export function sourcePaths({ context, dockerfile, contexts, extraInputs }: Service): string[] {
  return [context, dockerfile, ...Object.values(contexts).filter(isLocalContext), ...extraInputs];
}
