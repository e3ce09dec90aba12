import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import { type PlannedImage, plannedReference } from "../../registry/image.ts";
import type { FieldChange, TargetImage } from "../target.ts";
import type { EcsPlan, TaskDefinition } from "./state.ts";

/**
 * What a target of a service is moved to. A revision of the task definition takes the images of all services
 * of the run that it has containers for, so one deployment moves them all.
 */
export function ecsImageFor<I extends PlannedImage>(
  target: EcsTarget,
  image: I,
  images: ReadonlyMap<string, I>,
): TargetImage<I> {
  const containers = Object.entries(target.containers).flatMap(([container, service]) => {
    const one = service === image.service ? image : images.get(service);
    return one === undefined ? [] : [[container, one] as const];
  });
  // The target's own service comes first.
  containers.sort(([, a], [, b]) => Number(b === image) - Number(a === image));
  return { ...image, containers: Object.fromEntries(containers) };
}

/** The name of a change of a container's image in a plan. */
export function imageField(container: string): string {
  return `containerDefinitions[${container}].image`;
}

/** The change of the image that a service runs in a target; undefined when the plan has none. */
export function ecsImageChange({ target, changes }: EcsPlan, service: string): FieldChange | undefined {
  const fields = Object.entries(target.containers)
    .filter(([, other]) => other === service)
    .map(([container]) => imageField(container));
  return changes.find(({ field }) => fields.includes(field));
}

/** Which containers of a target take which image in this run. */
export function imagesByContainer<I extends PlannedImage>(
  target: EcsTarget,
  image: TargetImage<I>,
): Readonly<Record<string, I>> {
  return image.containers ?? { [target.container]: image };
}

/** Container → reference by digest. */
export function referencesByContainer(
  target: EcsTarget,
  image: TargetImage<PlannedImage>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(imagesByContainer(target, image)).map(([name, one]) => [name, plannedReference(one)]),
  );
}

/** The container that takes a service's image: the target's own, or one that the service is a sidecar in. */
export function containerOf(target: EcsTarget, service: string): string {
  const [name] = Object.entries(target.containers).find(([, other]) => other === service) ?? [];
  return name ?? target.container;
}

/** The image that a task definition declares for a container. */
export function imageIn({ containerDefinitions }: TaskDefinition, container: string): string | undefined {
  return containerDefinitions.find(({ name }) => name === container)?.image;
}
