import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { processEnvironment } from "../process/environment.ts";
import type { BuildNode } from "./buildkit.ts";
import { link } from "./network/link.ts";
import { type Health, healthy, type Part, type Sandbox, type Started, unhealthy } from "./part.ts";

/** Name of the sandbox's buildx builder. */
export const builderName = "slipway-sandbox";

/** The buildx builder over the BuildKit daemons, in configuration folders of the sandbox's own. */
export function builder(nodes: readonly BuildNode[]): Part {
  return {
    name: "builder",
    title: `buildx builder: ${nodes.length} node${nodes.length === 1 ? "" : "s"}`,
    needs: nodes.map((node) => node.name),
    tools: ["buildx", "docker"],
    check: (sandbox) => check(sandbox, nodes),
    start: (sandbox) => start(sandbox, nodes),
    // Nothing but files in the sandbox's folder.
    stop: async () => {},
  };
}

function instanceFile({ folder }: Sandbox): string {
  return join(folder.buildxConfig, "instances", builderName);
}

/** Whether buildx's own record of the builder has exactly the nodes that are up. */
async function check(sandbox: Sandbox, nodes: readonly BuildNode[]): Promise<Health> {
  const text = await readFile(instanceFile(sandbox), "utf8").catch(() => undefined);
  if (text === undefined) return unhealthy("the builder does not exist yet");
  const known = (JSON.parse(text) as { Nodes: { Endpoint: string }[] }).Nodes.map((node) => node.Endpoint);
  const wanted = nodes.map((node) => endpoint(sandbox, node));
  return known.sort().join() === wanted.sort().join() ? healthy : unhealthy("its nodes have moved");
}

function endpoint({ store }: Sandbox, node: BuildNode): string {
  return `tcp://127.0.0.1:${store.current().ports[node.name]}`;
}

async function start(sandbox: Sandbox, nodes: readonly BuildNode[]): Promise<Started> {
  const { folder } = sandbox;
  const [buildx, docker] = await Promise.all([sandbox.tool("buildx"), sandbox.tool("docker")]);
  const started: Started = { version: buildx.version, origin: buildx.origin, address: builderName };
  await Promise.all([
    link(buildx.path, join(folder.dockerConfig, "cli-plugins", "docker-buildx")),
    link(docker.path, join(folder.programs, "docker")),
  ]);
  if ((await check(sandbox, nodes)).healthy) return started;
  await rm(folder.buildxConfig, { recursive: true, force: true });
  await mkdir(folder.buildxConfig, { recursive: true });
  await writeFile(join(folder.dockerConfig, "config.json"), "{}\n", { flag: "wx" }).catch(() => {});
  for (const [index, node] of nodes.entries()) {
    await execa(
      buildx.path,
      [
        "create",
        ...["--name", builderName],
        ...["--driver", "remote"],
        ...["--node", node.name],
        ...["--platform", node.platforms.join(",")],
        ...(index === 0 ? ["--use"] : ["--append"]),
        endpoint(sandbox, node),
      ],
      { env: buildxEnvironment(sandbox), extendEnv: false, cancelSignal: sandbox.signal },
    );
  }
  return started;
}

/** The environment in which buildx finds the sandbox's builder, and nothing of the user's. */
export function buildxEnvironment({ folder, store }: Sandbox): Record<string, string> {
  return processEnvironment(folder, process.env, {
    DOCKER_CONFIG: folder.dockerConfig,
    BUILDX_CONFIG: folder.buildxConfig,
    DOCKER_HOST: store.current().dockerHost,
  });
}
