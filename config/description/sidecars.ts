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
  const isChosen = (name: string) => chosen.some((service) => service.name === name);
  const others = services.filter(({ name }) => !isChosen(name)).flatMap(({ targets }) => targets);
  const borrowed = others.flatMap((target) => {
    const first = chosen.find((service) => runsImageOf(target, service.name));
    return first === undefined ? [] : [{ service: first.name, target }];
  });
  return chosen.map((service) => {
    const further = borrowed.filter((one) => one.service === service.name).map(({ target }) => target);
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
  const own = services.find((service) => service.name === name)?.targets ?? [];
  const others = services.filter((service) => service.name !== name).flatMap(({ targets }) => targets);
  return [
    ...own.map((target) => ({ target, sidecars: [] })),
    ...others.flatMap((target) => {
      const sidecars = containersOf(target, name);
      return sidecars.length === 0 ? [] : [{ target, sidecars }];
    }),
  ];
}

/** Whether a target runs a service's image in one of its containers. */
export function runsImageOf(target: Target, service: string): boolean {
  return containersOf(target, service).length > 0;
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
