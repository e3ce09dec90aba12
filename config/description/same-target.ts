import type { Service } from "../catalogue/catalogue.ts";
import type { Problem } from "../problems/errors.ts";
import { declarationOf } from "../targets/kinds.ts";
import type { Target } from "../targets/target.ts";
import { catalogueFile } from "./description.ts";

/** A target, and where the catalogue has it. */
interface Placed {
  readonly service: Service;
  readonly index: number;
  readonly target: Target;
}

/** Targets that are the same service or function as one before, and can't be moved together with it. */
export function sameTargetProblems(services: readonly Service[]): Problem[] {
  return sameTargets(services).flatMap(({ first, others }) => {
    let joined: Target | undefined = first.target;
    return others.flatMap((other): Problem[] => {
      const both = joined && joinTargets(joined, other.target);
      if (both !== undefined && first.service.name !== other.service.name) {
        joined = both;
        return [];
      }
      const { kind } = other.target;
      return [
        {
          code: "same-target",
          where: catalogueFile,
          key: keyOf(other),
          value: `${kind} ${declarationOf(other.target).identity(other.target)}`,
          message: `is the same target as ${keyOf(first)}, but a target can run only one image`,
          fix: fixOf(first, other),
        },
      ];
    });
  });
}

/**
 * Services without the targets that belong to one before: a container that two services have in one ECS
 * service is moved by one update, as if the first named the second as a sidecar.
 */
export function withJoinedTargets(services: readonly Service[]): readonly Service[] {
  const groups = sameTargets(services);
  if (groups.length === 0) return services;
  const replaced = new Map<Target, Target | undefined>();
  for (const { first, others } of groups) {
    const joined = others.reduce<Target>((one, { target }) => joinTargets(one, target) ?? one, first.target);
    replaced.set(first.target, joined);
    for (const { target } of others) replaced.set(target, undefined);
  }
  return services.map((service) => ({
    ...service,
    targets: service.targets.flatMap((target) => {
      const found = replaced.has(target) ? replaced.get(target) : target;
      return found === undefined ? [] : [found as Service["targets"][number]];
    }),
  }));
}

function sameTargets(services: readonly Service[]) {
  const all = services.flatMap((service) =>
    service.targets.map((target, index): Placed => ({ service, index, target })),
  );
  const groups = Map.groupBy(all, ({ target }) => `${target.kind} ${declarationOf(target).identity(target)}`);
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined || others.length === 0 ? [] : [{ first, others }],
  );
}

function joinTargets(first: Target, second: Target): Target | undefined {
  return declarationOf(first).join?.(first, second);
}

function keyOf({ service, index }: Placed): string {
  return `services.${service.name}.targets[${index}]`;
}

function fixOf(first: Placed, other: Placed): string {
  const canJoin = declarationOf(other.target).join !== undefined && first.service.name !== other.service.name;
  return canJoin
    ? `name another container there, and keep all other settings in ${keyOf(first)} only`
    : "remove one of the two, or name another target";
}
