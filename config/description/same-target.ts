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

/**
 * Targets that are the same service or function as one before, and can't be moved together with it.
 *
 * @param services all services of the catalogue
 * @param leftOut names of those that the stack leaves out
 */
export function sameTargetProblems(services: readonly Service[], leftOut: readonly string[] = []): Problem[] {
  const isLeftOut = ({ service }: Placed) => leftOut.includes(service.name);
  return sameTargets(services).flatMap(({ first, others }) => {
    let joined: Target | undefined = first.target;
    return others.flatMap((other): Problem[] => {
      const { kind } = other.target;
      const problem = {
        code: "same-target",
        where: catalogueFile,
        key: keyOf(other),
        value: `${kind} ${declarationOf(other.target).identity(other.target)}`,
      } as const;
      const both = joined && joinTargets(joined, other.target);
      if (both === undefined || first.service.name === other.service.name) {
        const message = `is the same target as ${keyOf(first)}, but a target can run only one image`;
        return [{ ...problem, message, fix: fixOf(first, other) }];
      }
      joined = both;
      if (isLeftOut(first) === isLeftOut(other)) return [];
      const out = isLeftOut(other) ? other.service.name : first.service.name;
      return [
        {
          ...problem,
          message: `is the same target as ${keyOf(first)}, but this stack's slipway:services leaves out ${out}, and one update moves both`,
          fix: `select ${first.service.name} and ${other.service.name} in the same stack`,
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
