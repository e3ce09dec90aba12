import { bake } from "../bake.ts";
import { createProject, expectOutcome, type Project } from "../project.ts";
import type { Case, Pair } from "../result.ts";
import type { World } from "../world.ts";
import { serviceNames } from "./services.ts";

/** (c) The first build and push, with nothing cached, of services as heavy as real ones. */
export const firstBuild: Case = {
  id: "c-first-build-5",
  title: "first build and push, 5 heavy services",
  target: { kind: "ratio", most: 1.15 },
  peer: "docker buildx bake --push of the same",
};

/** What one platform of one service is to compute for, at least; both together twice that. */
const secondsPerPlatform = 10;

export async function measureFirstBuild(world: World): Promise<Pair[]> {
  const rounds = await calibrate(world);
  world.say(
    `heavy: ${rounds.amd64} rounds on amd64, ${rounds.arm64} on arm64, ${secondsPerPlatform} s each when alone`,
  );
  const project = await heavyProject(world, "heavy", 5, rounds);
  const pairs: Pair[] = [];
  for (let run = 0; run < (world.quick ? 1 : 3); run++) {
    await project.change(project.services);
    await forget(project);
    const ours = await project.slipway("deploy");
    expectOutcome(ours, "done");
    await project.change(project.services);
    await forget(project);
    pairs.push({ ours, peer: await bake(world, project, project.services) });
    world.say(
      `heavy: run ${run + 1}: ${ours.seconds.toFixed(1)} s, bake ${pairs.at(-1)?.peer?.seconds.toFixed(1)} s`,
    );
  }
  return pairs;
}

interface Rounds {
  readonly amd64: number;
  readonly arm64: number;
}

async function heavyProject(world: World, name: string, count: number, rounds: Rounds): Promise<Project> {
  const more = { amd64: `${rounds.amd64}\n`, arm64: `${rounds.arm64}\n` };
  const project = await createProject(world, name, serviceNames(count), { from: "heavy", more });
  // The repositories are there before the first image is, for both sides.
  await project.run("pulumi", ["stack", "select", "--create", "sandbox", "--non-interactive"]);
  await project.run("pulumi", ["up", "--yes", "--skip-preview", "--stack", "sandbox", "--non-interactive"], {
    SLIPWAY_SERVICES: "none",
  });
  return project;
}

/** How many rounds last as long as wanted on this machine, each platform measured alone. */
async function calibrate(world: World): Promise<Rounds> {
  const amd64 = await roundsFor(world, "amd64");
  const arm64 = await roundsFor(world, "arm64");
  return { amd64, arm64 };
}

/** From what more rounds take longer: the time around them does not count. */
async function roundsFor(world: World, architecture: keyof Rounds): Promise<number> {
  const few = 20;
  const many = 100;
  const seconds = async (rounds: number) => {
    const more = { [architecture]: `${rounds}\n` };
    const other = { amd64: "0\n", arm64: "0\n" };
    const name = `calibration-${architecture}-${rounds}`;
    const project = await createProject(world, name, ["s01"], {
      from: "heavy",
      more: { ...other, ...more },
    });
    const [[base, image] = ["", ""]] = Object.entries(world.state.baseImages);
    const context = `${base}=docker-image://${image}`;
    const words = ["buildx", "build", "--platform", `linux/${architecture}`, "--build-context", context];
    return (await project.run("docker", [...words, "services/s01"])).seconds;
  };
  // The first build of all makes connections and unpacks the base image.
  await seconds(1);
  const each = ((await seconds(many)) - (await seconds(few))) / (many - few);
  return Math.ceil(secondsPerPlatform / Math.max(each, 0.001));
}

async function forget(project: Project): Promise<void> {
  await project.run("docker", ["buildx", "prune", "--all", "--force"]);
}
