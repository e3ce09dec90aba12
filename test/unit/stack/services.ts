import type { Service } from "../../../config/catalogue/catalogue.ts";

/** A service of the catalogue, as simple as can be. */
export function service(name: string, changes: Partial<Service> = {}): Service {
  return {
    name,
    context: `services/${name}`,
    dockerfile: `services/${name}/Dockerfile`,
    platforms: ["linux/amd64", "linux/arm64"],
    arguments: {},
    secrets: {},
    contexts: {},
    extraInputs: [],
    targets: [],
    ...changes,
  };
}
