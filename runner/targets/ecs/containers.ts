import type { EcsTarget } from "../../../config/catalogue/catalogue.ts";
import { type Image, imageReference } from "../../registry/image.ts";
import type { TargetImage } from "../target.ts";
import type { TaskDefinition } from "./state.ts";

/** Which containers of a target take which image in this run. */
export function imagesByContainer(target: EcsTarget, image: TargetImage): Readonly<Record<string, Image>> {
  return image.containers ?? { [target.container]: image };
}

/** Container → reference by digest. */
export function referencesByContainer(
  target: EcsTarget,
  image: TargetImage,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(imagesByContainer(target, image)).map(([name, one]) => [name, imageReference(one)]),
  );
}

/** The container that takes a service's image: the target's own, or one that the service is a sidecar in. */
export function containerOf(target: EcsTarget, service: string): string {
  const [name] = Object.entries(target.containers).find(([, other]) => other === service) ?? [];
  return name ?? target.container;
}

/** What a container of a task definition runs, as declared. */
export function imageIn({ containerDefinitions }: TaskDefinition, container: string): string | undefined {
  return containerDefinitions.find(({ name }) => name === container)?.image;
}
