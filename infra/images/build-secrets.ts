import type { Service } from "../../config/catalogue/catalogue.ts";
import { catalogueFile } from "../../config/description/description.ts";
import { servicesVariable } from "../../config/names.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";

/** Build secrets: service → id → value. */
export type BuildSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Reads the build secrets of all services from the environment.
 *
 * @throws UserError that names every variable that a service of this run needs and that is not set
 */
export function readBuildSecrets(
  services: readonly Service[],
  environment: Readonly<Record<string, string | undefined>>,
): BuildSecrets {
  const chosen = environment[servicesVariable]?.split(",");
  const problems: Problem[] = [];
  const secrets = services.map((service) => {
    const values: Record<string, string> = {};
    for (const [id, { environment: variable }] of Object.entries(service.secrets)) {
      const value = environment[variable];
      if (value !== undefined && value !== "") values[id] = value;
      else if (chosen === undefined || chosen.includes(service.name)) {
        problems.push({
          code: "missing-secret",
          where: catalogueFile,
          key: `services.${service.name}.secrets.${id}`,
          message: `the environment variable ${variable} is not set`,
          fix: `set ${variable} where the image is built`,
        });
      }
    }
    return [service.name, values] as const;
  });
  if (problems.length > 0) throw new UserError(problems);
  return Object.fromEntries(secrets);
}
