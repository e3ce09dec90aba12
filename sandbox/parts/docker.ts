import { mkdir, readlink, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { machineNames, type SandboxFolder } from "../folder.ts";
import { startDaemon, untilAnswers } from "../process/daemon.ts";
import { processEnvironment } from "../process/environment.ts";
import { isAlive } from "../process/identity.ts";
import { markedProcesses } from "../process/marked.ts";
import { stopProcesses } from "../process/stop.ts";
import { dockerApi, isLocalDocker } from "./docker-api.ts";
import { removeControlGroups } from "./isolation/control-group.ts";
import { inPrivateMounts } from "./isolation/private-mounts.ts";
import { ip, makeBridge, removeBridge } from "./network/bridge.ts";
import {
  type Health,
  healthy,
  type Part,
  type Sandbox,
  type Started,
  startSeconds,
  unhealthy,
} from "./part.ts";

const name = "docker";

/** A Docker daemon: the machine's own when it answers, otherwise one of the sandbox's. */
export const docker: Part = {
  name,
  title: "Docker: runs the tasks and functions of the emulated AWS",
  needs: [],
  // Also dockerd if the machine has no daemon; both then come together.
  tools: ["docker"],
  check,
  start,
  stop,
};

/** Address of the daemon that the sandbox starts when the machine has none. */
export function ownDockerHost(folder: SandboxFolder): string {
  return `unix://${join(folder.runtime, "docker.sock")}`;
}

/**
 * The daemon to use: the machine's own, of DOCKER_HOST or in its usual place, when it answers; otherwise
 * the sandbox's.
 */
export async function chooseDockerHost(
  folder: SandboxFolder,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const candidates = [environment.DOCKER_HOST, "unix:///var/run/docker.sock"];
  for (const host of candidates) {
    // A daemon on another machine could not pull from a registry that listens on this one's loopback.
    if (!host || host === ownDockerHost(folder) || !isLocalDocker(host)) continue;
    const api = dockerApi(host);
    const version = await api.version();
    await api.close();
    if (version !== undefined) return host;
  }
  return ownDockerHost(folder);
}

async function check(_sandbox: Sandbox, record: { address: string; process?: unknown }): Promise<Health> {
  const api = dockerApi(record.address);
  const version = await api.version();
  await api.close();
  return version === undefined ? unhealthy(`${record.address} does not answer`) : healthy;
}

async function start(sandbox: Sandbox): Promise<Started> {
  const { folder, store } = sandbox;
  const host = ownDockerHost(folder);
  const chosen = store.current().dockerHost;
  if (chosen !== host) {
    const api = dockerApi(chosen);
    const version = await api.version();
    await api.close();
    if (version === undefined)
      throw new Error(`Docker at ${chosen} answered a moment ago, and no longer does`);
    return { version, origin: "machine", address: chosen };
  }
  const tool = await sandbox.tool("dockerd");
  await stop(sandbox);
  const runtime = join(folder.runtime, "docker");
  const log = join(folder.logs, "docker.log");
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  const bridge = await makeBridge(sandbox);
  await mkdir(folder.docker, { recursive: true });
  await writeFile(join(folder.docker, "daemon.json"), "{}\n");
  const wrapped = await inPrivateMounts(runtime, folder.root, tool.path, [
    ...["--config-file", join(folder.docker, "daemon.json")],
    ...["--data-root", join(folder.docker, "data")],
    ...["--exec-root", join(runtime, "exec")],
    ...["--pidfile", join(runtime, "docker.pid")],
    ...["--host", host],
    ...["--bridge", bridge],
    // The machine's packet filter and routing stay as they are: containers reach the machine and are
    // reached from it, and nothing else.
    "--iptables=false",
    "--ip6tables=false",
    "--ip-masq=false",
    "--ip-forward=false",
    // Ports that a task publishes are on loopback only.
    ...["--ip", "127.0.0.1"],
    ...["--cgroup-parent", `/${machineNames(folder.id).controlGroup}`],
    ...["--exec-opt", "native.cgroupdriver=cgroupfs"],
  ]);
  // containerd and its shim are beside dockerd.
  const path = `${dirname(tool.path)}:${dirname(await readlink(tool.path).catch(() => tool.path))}`;
  const daemon = await startDaemon({
    sandbox: folder.id,
    part: name,
    ...wrapped,
    environment: processEnvironment(folder, process.env, {
      PATH: `${path}:${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`,
    }),
    log,
  });
  const started: Started = {
    version: tool.version,
    origin: tool.origin,
    address: host,
    process: daemon,
    log,
  };
  const answers = async () => (await check(sandbox, { address: host })).healthy;
  await untilAnswers({ part: name, log, process: daemon }, answers, {
    signal: sandbox.signal,
    timeoutSeconds: startSeconds,
  });
  return started;
}

async function stop(sandbox: Sandbox): Promise<void> {
  const { folder } = sandbox;
  const marked = await markedProcesses(folder.id, name);
  const api = dockerApi(ownDockerHost(folder));
  // Containers first: a daemon that stops waits ten seconds for each.
  const containers = await api.containers().catch(() => []);
  await Promise.all(containers.map((container) => api.remove(container).catch(() => {})));
  await api.close();
  const recorded = sandbox.store.current().parts[name]?.process;
  const leader = recorded !== undefined && (await isAlive(recorded)) ? [recorded] : [];
  await stopProcesses(leader, 10);
  await stopProcesses(marked, 5);
  if (process.platform !== "linux") return;
  await removeControlGroups(folder.id);
  await removeBridge(folder.id, ip(sandbox));
  await rm(join(folder.runtime, "docker.sock"), { force: true });
  await rm(join(folder.runtime, "docker"), { recursive: true, force: true });
}
