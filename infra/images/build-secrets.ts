import type { Service } from "../../config/catalogue/catalogue.ts";
import { catalogueFile } from "../../config/description/description.ts";
import { type Problem, UserError } from "../../config/problems/errors.ts";

/** Build secrets: service → id → value. */
export type BuildSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Reads the build secrets of services from the environment.
 *
 * @param services the services to build, which alone need their secrets
 * @throws UserError that names every variable that is not set
 */
export function readBuildSecrets(
  services: readonly Service[],
  environment: Readonly<Record<string, string | undefined>>,
): BuildSecrets {
  const problems: Problem[] = [];
  const secrets = services.map((service) => {
    const values: Record<string, string> = {};
    for (const [id, { environment: variable }] of Object.entries(service.secrets)) {
      const value = environment[variable];
      if (value !== undefined && value !== "") values[id] = value;
      else {
        problems.push({
          code: "missing-secret",
          where: catalogueFile,
          key: `services.${service.name}.secrets.${id}`,
          message: `the environment variable ${variable} is not set`,
          fix: `set ${variable} in the environment of the build`,
        });
      }
    }
    return [service.name, values] as const;
  });
  if (problems.length > 0) throw new UserError(problems);
  return Object.fromEntries(secrets);
}
