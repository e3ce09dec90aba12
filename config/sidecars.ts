import type { Service, Target } from "./catalogue.ts";
import { catalogueFile } from "./description.ts";
import type { Problem } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/** What is wrong with the sidecars of ECS targets: services that don't exist, containers named twice. Pure. */
export function sidecarProblems(services: readonly Service[]): Problem[] {
  const names = services.map(({ name }) => name);
  return services.flatMap((service) =>
    service.targets.flatMap((target, index) => {
      if (target.kind !== "ecs") return [];
      const key = `services.${service.name}.targets[${index}].sidecars`;
      return Object.entries(target.containers).flatMap(([container, other]): Problem[] => {
        if (container === target.container && other !== service.name) {
          return [
            {
              code: "contradicting-settings",
              where: catalogueFile,
              key: `${key}.${container}`,
              value: other,
              message: `the container takes the image of ${service.name} itself`,
              fix: 'name another container, or say with "container" which one is the service\'s own',
            },
          ];
        }
        if (names.includes(other)) return [];
        return [
          {
            code: "unknown-service",
            where: catalogueFile,
            key: `${key}.${container}`,
            value: other,
            message: `there is no service "${other}"`,
            fix: didYouMean(other, names),
          },
        ];
      });
    }),
  );
}

/**
 * The chosen services, with the targets of others that run their images as sidecars: deploying a proxy
 * moves it wherever it runs. A target of several chosen services stays with the first, its own service
 * before all. Pure.
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

/** Whether a target runs a service's image in one of its containers. Pure. */
function runsImageOf(target: Target, service: string): boolean {
  return target.kind === "ecs" && Object.values(target.containers).includes(service);
}
