import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bake } from "../bake.ts";
import { createProject, expectOutcome, type Project } from "../project.ts";
import type { Case, Pair } from "../result.ts";
import { clone, type World } from "../world.ts";
import { serviceNames } from "./services.ts";

/** (c) The first build and push, with nothing cached, of services as heavy as real ones. */
export const firstBuild: Case = {
  id: "c-first-build-5",
  title: "first build and push, 5 heavy services",
  target: { kind: "ratio", most: 1.15 },
  peer: "docker buildx bake --push of the same",
};

/** @see bench/services/heavy: ten seconds of processor time for each platform of each service */
export async function measureFirstBuild(world: World): Promise<Pair[]> {
  const project = await heavyProject(world);
  const pairs: Pair[] = [];
  for (let run = 0; run < (world.quick ? 1 : 3); run++) {
    await project.change(project.services);
    await forget(project);
    const ours = await project.slipway("deploy");
    expectOutcome(ours, "done");
    await project.change(project.services);
    await forget(project);
    const peer = await bake(world, project, project.services);
    pairs.push({ ours, peer });
    world.say(`heavy: run ${run + 1}: ${ours.seconds.toFixed(1)} s, bake ${peer.seconds.toFixed(1)} s`);
  }
  return pairs;
}

async function heavyProject(world: World): Promise<Project> {
  const project = await createProject(world, "heavy", serviceNames(5), "heavy");
  // The repositories are there before what is measured, for both sides; what is built for it is light.
  const heavy = await readFile(join(clone, "bench/services/heavy/seconds"), "utf8");
  const weigh = (seconds: string) =>
    Promise.all(
      project.services.map((service) =>
        writeFile(join(project.directory, "services", service, "seconds"), seconds),
      ),
    );
  await weigh("0\n");
  await project.change(project.services);
  expectOutcome(await project.slipway("deploy"), "done");
  await weigh(heavy);
  return project;
}

async function forget(project: Project): Promise<void> {
  await project.run("docker", ["buildx", "prune", "--all", "--force"]);
}
