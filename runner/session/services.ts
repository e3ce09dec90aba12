import type { Catalogue, Service } from "../../config/catalogue/catalogue.ts";
import { catalogueFile } from "../../config/description/description.ts";
import { UserError } from "../../config/problems/errors.ts";
import { didYouMean } from "../../config/problems/nearest.ts";

/**
 * The distinct named services in the catalogue's order; all services if none is named.
 *
 * @throws UserError with every name that the catalogue does not have
 */
export function chooseServices(
  catalogue: Catalogue,
  asked: { readonly services: readonly string[]; readonly all?: boolean },
): readonly Service[] {
  const names = catalogue.services.map(({ name }) => name);
  const known = new Set(names);
  const wanted = new Set(asked.services);
  const unknown = [...wanted].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new UserError(
      unknown.map((name) => ({
        code: "unknown-service",
        where: catalogueFile,
        key: "services",
        value: name,
        ...(catalogue.leftOut?.includes(name)
          ? {
              message: "is left out of this stack by its slipway:services",
              fix: "name a stack that has it (--stack), or add it to slipway:services",
            }
          : { message: `unknown service "${name}"`, fix: didYouMean(name, names) }),
      })),
    );
  }
  if (asked.all === true || asked.services.length === 0) return catalogue.services;
  return catalogue.services.filter(({ name }) => wanted.has(name));
}
