import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Clients } from "../runner/aws/clients.ts";
import { oneWrite } from "../runner/stack/engine-run.ts";
import { createWorkspace } from "../sandbox/demo/workspace.ts";
import { writeSandboxStack } from "../sandbox/stack-file.ts";
import { type Command, type Measured, measure } from "./measure.ts";
import { clone, environmentOf, folder, stack, type World } from "./world.ts";

/** A project of services that are alike, made for measuring. */
export interface Project {
  readonly name: string;
  readonly directory: string;
  readonly services: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly clients: Clients;
  /** Changes what a service is built from, and commits it. */
  change(services: readonly string[]): Promise<void>;
  /** Says what runs the services. */
  setTargets(targets: Readonly<Record<string, readonly object[]>>): Promise<void>;
  /** Runs `slipway …` on this project. */
  slipway(...words: readonly string[]): Promise<Measured>;
  /** The same, when nobody measures it: the engine writes its state once, at the end, and not after each step. */
  prepare(...words: readonly string[]): Promise<Measured>;
  /** Runs a peer's program in this project, with further variables. */
  run(
    program: string,
    words: readonly string[],
    variables?: Readonly<Record<string, string>>,
  ): Promise<Measured>;
  /** `<registry>/<repository>` of a service. */
  repository(service: string): string;
}

/** Numbers everything that is built, so that no content ever was there before. */
let changes = 0;

/**
 * Lays out a project in a git repository of its own.
 *
 * @param kind what each service consists of, beside its `content`: a folder of bench/services
 */
export async function createProject(
  world: World,
  name: string,
  services: readonly string[],
  kind: "light" | "heavy",
): Promise<Project> {
  const directory = join(folder, name);
  const prefix = `bench-${name}`;
  const catalogue = (targets: Readonly<Record<string, readonly object[]>>) =>
    stringify({
      services: Object.fromEntries(
        services.map((service) => [
          service,
          { context: `services/${service}`, ...(targets[service] && { targets: targets[service] }) },
        ]),
      ),
    });
  const project = await readFile(join(clone, "Pulumi.yaml"), "utf8");
  const workspace = await createWorkspace(clone, directory, {
    "Pulumi.yaml": project.replace(/^name: .*$/m, `name: ${prefix}`),
    "services.yaml": catalogue({}),
  });
  const change = async (which: readonly string[]) => {
    for (const service of which)
      await workspace.write(`services/${service}/content`, `${service} ${++changes} ${Date.now()}\n`);
    await workspace.commit(`Change ${which.join(", ")}`);
  };
  for (const service of services) {
    const context = join(directory, "services", service);
    await mkdir(context, { recursive: true });
    await cp(join(clone, "bench/services", kind), context, { recursive: true });
  }
  await change(services);
  const repositories = { prefix, tagMutability: "immutable", forceDelete: true };
  await writeFile(
    join(directory, `Pulumi.${stack}.yaml`),
    stringify({ config: { "slipway:repositories": repositories } }),
  );
  await writeSandboxStack(directory, world.state);
  const { environment, clients } = await environmentOf(world, directory);
  const run = (
    program: string,
    words: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ) => {
    const command: Command = {
      program,
      arguments: words,
      directory,
      environment: { ...environment, ...variables },
    };
    return measure(command, world.signal);
  };
  const program = join(clone, "slipway");
  const commandLine = (words: readonly string[]) => [...words, "--stack", stack, "--output", "json"];
  return {
    name,
    directory,
    services,
    environment,
    clients,
    change,
    setTargets: async (targets) => {
      await workspace.write("services.yaml", catalogue(targets));
      await workspace.commit("Say what runs the services");
    },
    slipway: (...words) => run(program, commandLine(words)),
    prepare: (...words) => run(program, commandLine(words), oneWrite),
    run,
    repository: (service) => `${world.state.registry}/${prefix}/${service}`,
  };
}

/** Reads the document of a command, and holds a deployment to its outcome. */
export function expectOutcome({ stdout }: Measured, ...outcomes: readonly string[]): void {
  const document = JSON.parse(stdout) as { readonly outcome?: string };
  if (!outcomes.includes(document.outcome ?? "")) {
    throw new Error(`expected ${outcomes.join(" or ")}, but the outcome was ${document.outcome}:\n${stdout}`);
  }
}
