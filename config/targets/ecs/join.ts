import { isDeepStrictEqual } from "node:util";
import { type EcsTarget, ecsTargetSchema, resolveEcsTarget } from "./target.ts";

/** What each target says for itself; everything else is said of the ECS service. */
const ofTheContainer = new Set(["cluster", "service", "container", "containers"]);

/**
 * One update of an ECS service for two services of the catalogue that have a container in it each: ECS
 * makes one deployment for each update, and the second would overtake the first. The settings are the
 * first target's; the second may repeat them or leave them out.
 */
export function joinEcsTargets(first: EcsTarget, second: EcsTarget): EcsTarget | undefined {
  const taken = Object.keys(second.containers).some((container) => container in first.containers);
  if (taken || !addsNothing(first, second)) return undefined;
  return { ...first, containers: { ...first.containers, ...second.containers } };
}

function addsNothing(first: EcsTarget, second: EcsTarget): boolean {
  const { cluster, service, container } = second;
  const least = resolveEcsTarget(
    ecsTargetSchema.parse({ kind: "ecs", cluster, service, container }),
    service,
    (text) => text,
  );
  return Object.entries(second).every(
    ([key, value]) =>
      ofTheContainer.has(key) ||
      isDeepStrictEqual(value, least[key as keyof EcsTarget]) ||
      isDeepStrictEqual(value, first[key as keyof EcsTarget]),
  );
}
