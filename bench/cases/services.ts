import pMap from "p-map";
import { createCluster, createService } from "../ecs.ts";
import { createProject, expectOutcome, type Project } from "../project.ts";
import type { World } from "../world.ts";

/** `s01`, `s02`, … */
export function serviceNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `s${String(index + 1).padStart(2, "0")}`);
}

interface Deployed {
  readonly services: readonly {
    readonly service: string;
    readonly reference: string;
  }[];
}

/**
 * Services that are deployed, each with an ECS service that runs it: what everyday commands meet.
 *
 * @param desiredCount tasks of each service
 */
export async function deployedProject(
  world: World,
  name: string,
  count: number,
  desiredCount: number,
): Promise<Project> {
  const services = serviceNames(count);
  world.say(`${name}: building, pushing and starting ${count} services`);
  const project = await createProject(world, name, services, "light");
  const built = await project.prepare("deploy");
  const { services: images } = JSON.parse(built.stdout) as Deployed;
  await createCluster(project);
  await pMap(images, ({ service, reference }) => createService(project, service, reference, desiredCount), {
    concurrency: 8,
  });
  const targets = services.map((service) => [service, [{ kind: "ecs", cluster: name, service }]] as const);
  await project.setTargets(Object.fromEntries(targets));
  // The first run does all the one-off work, so the benchmark measures the second.
  expectOutcome(await project.slipway("deploy"), "nothing", "done");
  expectOutcome(await project.slipway("deploy"), "nothing");
  return project;
}
