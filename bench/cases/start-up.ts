import { join } from "node:path";
import type { Project } from "../project.ts";
import type { Case, Pair } from "../result.ts";
import { clone, folder, type World } from "../world.ts";

/** (e) Commands that are waited for at a prompt. */
export const startUp = {
  help: { id: "e-help", title: "--help", target: { kind: "seconds", most: 0.2 } },
  status: {
    id: "e-status-10",
    title: "status of 10 services",
    target: { kind: "seconds", most: 1 },
    peer: "aws ecs describe-services of the same ten",
  },
  plan: {
    id: "e-plan-5",
    title: "plan of 5 services",
    target: { kind: "seconds", most: 1 },
    peer: "pulumi preview of the same stack: its images and repositories",
  },
  up: { id: "e-sandbox-up", title: "sandbox up when it is up", target: { kind: "seconds", most: 2 } },
} as const satisfies Record<string, Case>;

const runsOf = (world: World) => (world.quick ? 3 : 9);

export async function measureHelp(world: World, project: Project): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let run = 0; run < runsOf(world); run++) {
    pairs.push({ ours: await project.run(join(clone, "slipway"), ["--help"]) });
  }
  return pairs;
}

export async function measureUp(world: World, project: Project): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let run = 0; run < runsOf(world); run++) {
    pairs.push({ ours: await project.run(join(clone, "slipway"), ["sandbox", "up", "-C", folder]) });
  }
  return pairs;
}

/** @param project one with ten services or more */
export async function measureStatus(world: World, project: Project): Promise<Pair[]> {
  const ten = project.services.slice(0, 10);
  const pairs: Pair[] = [];
  for (let run = 0; run < runsOf(world); run++) {
    const ours = await project.slipway("status", ...ten);
    const words = ["ecs", "describe-services", "--cluster", project.name, "--services", ...ten];
    pairs.push({ ours, peer: await project.run("aws", words) });
  }
  return pairs;
}

export async function measurePlan(world: World, project: Project): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let run = 0; run < runsOf(world); run++) {
    const ours = await project.slipway("plan");
    const peer = await project.run("pulumi", ["preview", "--stack", "sandbox", "--non-interactive"]);
    pairs.push({ ours, peer });
  }
  return pairs;
}
