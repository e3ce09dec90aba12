import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { machineNames } from "../folder.ts";
import { startDaemon, untilAnswers } from "../process/daemon.ts";
import { processEnvironment } from "../process/environment.ts";
import { isAlive } from "../process/identity.ts";
import { markedProcesses } from "../process/marked.ts";
import { stopProcesses } from "../process/stop.ts";
import type { PartRecord } from "../state.ts";
import { inPrivateMounts } from "./isolation/private-mounts.ts";
import { freePort } from "./network/port.ts";
import {
  answerMilliseconds,
  type Health,
  healthy,
  type Part,
  type Sandbox,
  type Started,
  startSeconds,
  unhealthy,
} from "./part.ts";

/** A BuildKit daemon and the platforms it builds for. */
export interface BuildNode {
  readonly name: string;
  readonly platforms: readonly string[];
}

/** The daemons of a sandbox: one for both platforms, or one for each, as a fleet has them. */
export function buildNodes(count: 1 | 2): readonly BuildNode[] {
  return count === 1
    ? [{ name: "buildkit", platforms: ["linux/amd64", "linux/arm64"] }]
    : [
        { name: "buildkit-amd64", platforms: ["linux/amd64"] },
        { name: "buildkit-arm64", platforms: ["linux/arm64"] },
      ];
}

/** One BuildKit daemon. */
export function buildkit(node: BuildNode): Part {
  return {
    name: node.name,
    title: `BuildKit: builds images for ${node.platforms.join(" and ")}`,
    // It looks once, at its start, which platforms the kernel runs; and it must know the registry's port.
    needs: ["emulation", "registry"],
    tools: ["buildkitd", "runc"],
    check: (sandbox, record) => check(sandbox, record, node),
    start: (sandbox) => start(sandbox, node),
    stop: (sandbox) => stop(sandbox, node),
  };
}

async function check(sandbox: Sandbox, record: PartRecord, node: BuildNode): Promise<Health> {
  if (record.process === undefined || !(await isAlive(record.process)))
    return unhealthy("its process has ended");
  const { registry } = sandbox.store.current();
  const known = await readFile(configurationFile(sandbox, node), "utf8").catch(() => "");
  if (!known.includes(`"${registry}"`)) return unhealthy(`it does not know the registry ${registry}`);
  return (await answers(record.address)) ? healthy : unhealthy(`${record.address} does not answer`);
}

function answers(address: string): Promise<boolean> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: answerMilliseconds });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

async function start(sandbox: Sandbox, node: BuildNode): Promise<Started> {
  const { folder, store } = sandbox;
  const [tool, runc] = await Promise.all([sandbox.tool("buildkitd"), sandbox.tool("runc")]);
  await stop(sandbox, node);
  const port = await freePort(sandbox, node.name);
  const address = `tcp://127.0.0.1:${port}`;
  const runtime = join(folder.runtime, node.name);
  const root = join(folder.buildkit, node.name);
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  await mkdir(root, { recursive: true });
  const text = buildkitConfiguration({
    root,
    address,
    platforms: node.platforms,
    runc: runc.path,
    registry: store.current().registry,
    controlGroup: machineNames(folder.id).controlGroup,
    telemetrySocket: join(runtime, "otel.sock"),
  });
  await writeFile(configurationFile(sandbox, node), text);
  const log = join(folder.logs, `${node.name}.log`);
  const wrapped = await inPrivateMounts(runtime, folder.root, tool.path, [
    "--config",
    configurationFile(sandbox, node),
  ]);
  const process_ = await startDaemon({
    sandbox: folder.id,
    part: node.name,
    ...wrapped,
    environment: processEnvironment(folder, process.env, {
      PATH: `${dirname(runc.path)}:${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`,
      DOCKER_CONFIG: folder.dockerConfig,
    }),
    log,
  });
  await untilAnswers({ part: node.name, log, process: process_ }, () => answers(address), {
    signal: sandbox.signal,
    timeoutSeconds: startSeconds,
  });
  return { version: tool.version, origin: tool.origin, address, process: process_, log };
}

async function stop(sandbox: Sandbox, node: BuildNode): Promise<void> {
  await stopProcesses(await markedProcesses(sandbox.folder.id, node.name), 5);
  await rm(join(sandbox.folder.runtime, node.name), { recursive: true, force: true });
}

function configurationFile({ folder }: Sandbox, node: BuildNode): string {
  return join(folder.buildkit, `${node.name}.toml`);
}

/** BuildKit's configuration. */
export function buildkitConfiguration(settings: {
  readonly root: string;
  readonly address: string;
  readonly platforms: readonly string[];
  readonly runc: string;
  readonly registry: string;
  readonly controlGroup: string;
  readonly telemetrySocket: string;
}): string {
  const text = (value: string | readonly string[]) => JSON.stringify(value);
  return `root = ${text(settings.root)}

[grpc]
  address = [${text(settings.address)}]

[otel]
  socketPath = ${text(settings.telemetrySocket)}

[cdi]
  disabled = true

[worker.containerd]
  enabled = false

[worker.oci]
  enabled = true
  platforms = ${text(settings.platforms)}
  binary = ${text(settings.runc)}
  # Build steps see the network as the machine does; there is no other one here to give them.
  networkMode = "host"
  defaultCgroupParent = ${text(settings.controlGroup)}
  gc = true

[registry.${text(settings.registry)}]
  http = true
`;
}
