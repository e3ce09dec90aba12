import { serviceNamed } from "../catalogue/by-name.ts";
import type { Catalogue, Service } from "../catalogue/catalogue.ts";
import { serviceOfContext } from "../catalogue/contexts.ts";
import type { Problem } from "../problems/errors.ts";
import { didYouMean } from "../problems/nearest.ts";
import { catalogueFile } from "./description.ts";

/** Distinct names of the services whose images a service is built from. */
export function neededBy(service: Service): string[] {
  return [...new Set(Object.values(service.contexts).flatMap((one) => serviceOfContext(one) ?? []))];
}

/** The services and all that they are built from, in build order. Loading already refused cycles. */
export function withNeeded(services: readonly Service[], all: readonly Service[]): Service[] {
  const ordered = new Set<Service>();
  const visit = (service: Service, above: readonly string[]): void => {
    if (ordered.has(service) || above.includes(service.name)) return;
    for (const name of neededBy(service)) {
      const needed = serviceNamed(all, name);
      if (needed !== undefined) visit(needed, [...above, service.name]);
    }
    ordered.add(service);
  };
  for (const service of services) visit(service, []);
  return [...ordered];
}

/** Problems of services that are built from others: unknown services, cycles, missing platforms. */
export function needsProblems({ services }: Catalogue): Problem[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const names = [...byName.keys()];
  const problems = services.flatMap((service) =>
    neededBy(service).flatMap((name) => needProblem(service, name, byName.get(name), names)),
  );
  return problems.length > 0 ? problems : cycleProblems(services, byName);
}

function needProblem(
  service: Service,
  name: string,
  needed: Service | undefined,
  names: readonly string[],
): Problem[] {
  const place = { where: catalogueFile, key: keyOfNeed(service, name), value: name };
  if (needed === undefined) {
    const others = names.filter((one) => one !== service.name);
    return [
      {
        code: "unknown-service",
        ...place,
        message: `${service.name} is built from "${name}", which is not a service`,
        fix: didYouMean(name, others),
      },
    ];
  }
  const lacking = service.platforms.filter((platform) => !needed.platforms.includes(platform));
  if (lacking.length === 0) return [];
  return [
    {
      code: "missing-platform",
      ...place,
      message: `${service.name} is built for ${lacking.join(", ")}, but ${name} is not`,
      fix: `add ${lacking.join(", ")} to services.${name}.platforms, or remove it from ${service.name}'s`,
    },
  ];
}

/** The key with which a service names another one as its base: needs, or a named context. */
export function keyOfNeed(service: Service, needed: string): string {
  const context = Object.entries(service.contexts).find(([, one]) => serviceOfContext(one) === needed)?.[0];
  const at = `services.${service.name}`;
  return context === undefined || service.needs?.includes(needed)
    ? `${at}.needs`
    : `${at}.contexts.${context}`;
}

/** Every cycle once, starting at its first service in the catalogue's order. */
function cycleProblems(services: readonly Service[], byName: ReadonlyMap<string, Service>): Problem[] {
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (name: string, above: readonly string[]): void => {
    const at = above.indexOf(name);
    if (at !== -1) cycles.push([...above.slice(at), name]);
    if (at !== -1 || finished.has(name)) return;
    const service = byName.get(name);
    for (const needed of service === undefined ? [] : neededBy(service)) visit(needed, [...above, name]);
    finished.add(name);
  };
  for (const { name } of services) visit(name, []);
  const keyOf = ([first = "", second = ""]: readonly string[]) => {
    const service = byName.get(first);
    return service === undefined ? `services.${first}.needs` : keyOfNeed(service, second);
  };
  return cycles.map((cycle) => ({
    code: "cyclic-needs",
    where: catalogueFile,
    key: keyOf(cycle),
    value: cycle[1],
    message:
      cycle.length === 2
        ? `${cycle[0]} is built from itself`
        : `services are built from each other in a circle: ${cycle.join(" → ")}`,
    fix: "remove one of these build contexts; move what the services share into its own service",
  }));
}
