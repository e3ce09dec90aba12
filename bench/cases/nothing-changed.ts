import { bake } from "../bake.ts";
import { expectOutcome, type Project } from "../project.ts";
import type { Case, Pair } from "../result.ts";
import type { World } from "../world.ts";

const peer = "docker buildx bake --push of the same with everything cached: their images only, not what runs";

/** (a) A deployment that has nothing to do. */
export const nothingChanged = {
  one: {
    id: "a-nothing-changed-1",
    title: "deploy, nothing changed, 1 service",
    target: { kind: "seconds", most: 1 },
    peer,
  },
  five: {
    id: "a-nothing-changed-5",
    title: "deploy, nothing changed, 5 services",
    target: { kind: "seconds", most: 1 },
    peer,
  },
  fifty: {
    id: "a-nothing-changed-50",
    title: "deploy, nothing changed, 50 services",
    target: { kind: "seconds", most: 3 },
    peer,
  },
} as const satisfies Record<string, Case>;

export async function measureNothingChanged(
  world: World,
  project: Project,
  services: readonly string[],
): Promise<Pair[]> {
  // The peer then also has everything cached.
  await bake(world, project, services);
  const pairs: Pair[] = [];
  for (let run = 0; run < (world.quick ? 3 : 7); run++) {
    const ours = await project.slipway("deploy", ...services);
    expectOutcome(ours, "nothing");
    pairs.push({ ours, peer: await bake(world, project, services) });
  }
  return pairs;
}
