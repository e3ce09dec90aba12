import { cp } from "node:fs/promises";
import { join } from "node:path";
import { oneWrite } from "../../runner/stack/engine-run.ts";
import { expectOutcome, type Project } from "../project.ts";
import type { Case, Pair } from "../result.ts";
import { clone, folder, type World } from "../world.ts";
import { deployedProject } from "./services.ts";

const bare = "the engine's own of as many plain components";

/** (f) Two hundred services in one stack. */
export const twoHundred = {
  preview: {
    id: "f-preview-200",
    title: "pulumi preview, nothing changed, 200 services",
    target: { kind: "ratio", most: 1.3, mostMebibytesOfProgram: 700 },
    peer: `pulumi preview: ${bare}`,
  },
  up: {
    id: "f-up-200",
    title: "pulumi up, nothing changed, 200 services",
    target: { kind: "ratio", most: 1.3, mostMebibytesOfProgram: 700 },
    peer: `pulumi up: ${bare}`,
  },
  changed: {
    id: "f-one-of-200-changed",
    title: "deploy, 1 of 200 services changed",
    target: { kind: "ratio", most: 1.5 },
    peer: "deploy, 1 of 5 services changed, as in (b), without tasks",
  },
} as const satisfies Record<string, Case>;

const runsOf = (world: World) => (world.quick ? 2 : 5);
const words = { preview: ["preview"], up: ["up", "--yes", "--skip-preview"] } as const;

/** The project of (f): its services are declared and wanted by nobody, so that the machine runs none. */
export async function twoHundredServices(world: World): Promise<Project> {
  const project = await deployedProject(world, "two-hundred", 200, 0);
  // Two runs let the image resources of a build go (infra/images/service-image.ts): they are read, then left out.
  for (const _ of ["read", "left out"]) {
    await project.run("pulumi", [...words.up, "--stack", "sandbox", "--non-interactive"], oneWrite);
  }
  return project;
}

/** The engine with our program, and with one that declares as many resources and does nothing else. */
export async function measureEngine(
  world: World,
  project: Project,
  command: keyof typeof words,
): Promise<Pair[]> {
  const exported = await project.run("pulumi", ["stack", "export", "--stack", "sandbox"]);
  const state = JSON.parse(exported.stdout) as { deployment: { resources: readonly unknown[] } };
  const directory = join(folder, "bare");
  await cp(join(clone, "bench/peers/bare"), directory, { recursive: true });
  const variables = { BENCH_RESOURCES: String(state.deployment.resources.length) };
  const peerRun = (given: readonly string[], more = {}) =>
    project.run("pulumi", [...given, "--cwd", directory, "--non-interactive"], { ...variables, ...more });
  await peerRun(["stack", "select", "--create", "bare"]);
  await peerRun([...words.up, "--stack", "bare"], oneWrite);
  const pairs: Pair[] = [];
  for (let run = 0; run < runsOf(world); run++) {
    const ours = await project.run("pulumi", [...words[command], "--stack", "sandbox", "--non-interactive"]);
    pairs.push({ ours, peer: await peerRun([...words[command], "--stack", "bare"]) });
  }
  return pairs;
}

/** One of two hundred services changed, beside one of five. */
export async function measureOneOfMany(world: World, project: Project): Promise<Pair[]> {
  const five = await deployedProject(world, "few", 5, 0);
  const pairs: Pair[] = [];
  for (let run = 0; run < runsOf(world); run++) {
    const [ours, peer] = [await deployOne(project, run), await deployOne(five, run)];
    pairs.push({ ours, peer });
  }
  five.clients.destroy();
  return pairs;
}

async function deployOne(project: Project, run: number) {
  await project.change([project.services[run % project.services.length] ?? ""]);
  const deployed = await project.slipway("deploy");
  expectOutcome(deployed, "done");
  return deployed;
}
