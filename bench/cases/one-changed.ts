import { join } from "node:path";
import { watchSteadiness } from "../ecs.ts";
import type { Measured } from "../measure.ts";
import { expectOutcome, type Project } from "../project.ts";
import type { Case, Pair, Sample } from "../result.ts";
import { clone, type World } from "../world.ts";

/** (b) One of five services changed: from the command to the end of the deployment. */
export const oneChanged: Case = {
  id: "b-one-of-5-changed",
  title: "deploy, 1 of 5 services changed",
  target: { kind: "ratio", most: 0.8 },
  peer: "bench/peers/change-one.sh, told which one changed: buildx, register-task-definition, update-service, services-stable",
};

/** (d) How long the command takes to notice that it is done. */
export const steadyToExit: Case = {
  id: "d-steady-to-exit",
  title: "from really steady to the exit",
  target: { kind: "seconds", most: 2 },
  peer: "aws ecs wait services-stable, in the script of (b)",
};

/** Both cases come from the same runs: each side's deployment is watched in ECS from beside. */
export async function measureOneChanged(world: World, project: Project) {
  const changed: Pair[] = [];
  const noticed: Pair[] = [];
  for (let run = 0; run < (world.quick ? 2 : 5); run++) {
    const service = project.services[run % project.services.length] ?? "";
    await project.change([service]);
    const ours = await watched(project, service, () => project.slipway("deploy"));
    expectOutcome(ours.whole, "done");
    await project.change([service]);
    const peer = await watched(project, service, () => byScript(world, project, service, run));
    changed.push({ ours: ours.whole, peer: peer.whole });
    noticed.push({ ours: ours.afterSteady, peer: peer.afterSteady });
    // What the script has put there is not ours: that the next run begins with nothing to do but its change.
    await project.slipway("deploy");
  }
  return { changed, noticed };
}

async function watched(project: Project, service: string, work: () => Promise<Measured>) {
  const stop = await watchSteadiness(project, service);
  const whole = await work().finally(stop);
  const steadyAt = await stop();
  if (steadyAt === undefined) throw new Error(`${service} was not steady when the command ended`);
  const afterSteady: Sample = { seconds: Math.max(0, whole.endedAt - steadyAt) / 1000 };
  return { whole, afterSteady };
}

function byScript(world: World, project: Project, service: string, run: number): Promise<Measured> {
  const [[base, image] = ["", ""]] = Object.entries(world.state.baseImages);
  return project.run(join(clone, "bench/peers/change-one.sh"), [], {
    CONTEXT: join(project.directory, "services", service),
    IMAGE: `${project.repository(service)}:script-${Date.now()}-${run}`,
    BASE: base,
    BASE_IMAGE: image,
    CLUSTER: project.name,
    SERVICE: service,
  });
}
