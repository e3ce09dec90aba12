import { serviceNamed } from "../catalogue/by-name.ts";
import type { Service } from "../catalogue/catalogue.ts";
import { declarationOf } from "../targets/kinds.ts";
import type { Target } from "../targets/target.ts";

/**
 * The chosen services, with the targets of others that run their images as sidecars: deploying a proxy
 * moves it wherever it runs. A target of several chosen services stays with the first, its own service
 * before all.
 */
export function withSidecarTargets(
  services: readonly Service[],
  chosen: readonly Service[],
): readonly Service[] {
  const rank = new Map(chosen.map(({ name }, index) => [name, index]));
  const others = services.filter(({ name }) => !rank.has(name)).flatMap(({ targets }) => targets);
  const borrowed = Map.groupBy(others, (target) => {
    const ranks = servicesIn(target).flatMap((name) => rank.get(name) ?? []);
    return ranks.length === 0 ? undefined : Math.min(...ranks);
  });
  return chosen.map((service, index) => {
    const further = borrowed.get(index) ?? [];
    return further.length === 0 ? service : { ...service, targets: [...service.targets, ...further] };
  });
}

/** A target that runs a service's image: its own, or another service's that has it as a sidecar. */
export interface Place {
  readonly target: Target;
  /** Containers that run it as a sidecar; empty for the service's own target. */
  readonly sidecars: readonly string[];
}

/** All targets that run a service's image, its own first. */
export function placesOf(services: readonly Service[], name: string): readonly Place[] {
  const own = serviceNamed(services, name)?.targets ?? [];
  return [
    ...own.map((target) => ({ target, sidecars: [] })),
    ...borrowersOf(services, name).map((target) => ({ target, sidecars: containersOf(target, name) })),
  ];
}

const borrowers = new WeakMap<readonly Service[], ReadonlyMap<string, readonly Target[]>>();

/** Targets of other services that run a service's image: found for all services at once. */
function borrowersOf(services: readonly Service[], name: string): readonly Target[] {
  let known = borrowers.get(services);
  if (known === undefined) {
    const all = services.flatMap((service) =>
      service.targets.flatMap((target) =>
        servicesIn(target)
          .filter((other) => other !== service.name)
          .map((other) => ({ other, target })),
      ),
    );
    const found = [...Map.groupBy(all, ({ other }) => other)];
    known = new Map(found.map(([other, some]) => [other, some.map(({ target }) => target)]));
    borrowers.set(services, known);
  }
  return known.get(name) ?? [];
}

/** Distinct names of the services whose images a target runs in its containers. */
export function servicesIn(target: Target): readonly string[] {
  return [
    ...new Set(
      declarationOf(target)
        .containers(target)
        .flatMap(({ service }) => service ?? []),
    ),
  ];
}

/** Containers of a target that take a service's image; none for a kind without containers. */
export function containersOf(target: Target, service: string): readonly string[] {
  return imageContainers(target, service).map(({ name }) => name);
}

/** Containers that take a service's image, except the container of the target's own service. */
export function sidecarsOf(target: Target, service: string): readonly string[] {
  return imageContainers(target, service).flatMap(({ name, isOwn }) => (isOwn ? [] : [name]));
}

function imageContainers(target: Target, service: string) {
  return declarationOf(target)
    .containers(target)
    .filter((container) => container.service === service);
}
