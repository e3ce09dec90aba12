import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { machineNames } from "../folder.ts";
import { startDaemon, untilAnswers } from "../process/daemon.ts";
import { processEnvironment } from "../process/environment.ts";
import { isAlive } from "../process/identity.ts";
import { markedProcesses } from "../process/marked.ts";
import { stopProcesses } from "../process/stop.ts";
import type { PartRecord } from "../state.ts";
import { dockerApi } from "./docker-api.ts";
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

const name = "emulator";

/** The emulated AWS: control planes and the registry, on one port. */
export const emulator: Part = {
  name,
  title: "AWS emulator: ECR, ECS, Lambda, CloudWatch and the rest, with a real registry",
  // Its containers run in Docker, but it asks for the daemon only when it starts one.
  needs: [],
  tools: ["ministack"],
  check,
  start,
  stop,
};

async function check(_sandbox: Sandbox, record: PartRecord): Promise<Health> {
  if (record.process === undefined || !(await isAlive(record.process)))
    return unhealthy("its process has ended");
  return (await answers(record.address)) ? healthy : unhealthy(`${record.address} does not answer`);
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${endpoint}/_ministack/health`, {
      signal: AbortSignal.timeout(answerMilliseconds),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

async function start(sandbox: Sandbox): Promise<Started> {
  const { folder, store } = sandbox;
  const tool = await sandbox.tool("ministack");
  await stop(sandbox);
  const port = await freePort(sandbox, name);
  const endpoint = `http://127.0.0.1:${port}`;
  await store.update((state) => ({ ...state, endpoint }));
  const temporary = join(folder.emulator, "tmp");
  await mkdir(temporary, { recursive: true });
  const log = join(folder.logs, "emulator.log");
  const state = store.current();
  const process_ = await startDaemon({
    sandbox: folder.id,
    part: name,
    command: tool.path,
    arguments: [],
    environment: processEnvironment(folder, process.env, {
      GATEWAY_PORT: String(port),
      BIND_HOST: "127.0.0.1",
      // Other listeners, on ports and addresses that no setting keeps on loopback.
      IOT_MTLS_ENABLED: "0",
      SFTP_ENABLED: "0",
      // Its containers are labelled with it: `down` finds them, and other emulators leave them alone.
      MINISTACK_HOSTNAME: machineNames(folder.id).emulatorHost,
      MINISTACK_REGION: state.region,
      MINISTACK_ACCOUNT_ID: state.account,
      PERSIST_STATE: "1",
      STATE_DIR: join(folder.emulator, "state"),
      S3_DATA_DIR: join(folder.emulator, "s3"),
      TMPDIR: temporary,
      DOCKER_HOST: state.dockerHost,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      PYTHONUNBUFFERED: "1",
      PYTHONDONTWRITEBYTECODE: "1",
    }),
    log,
  });
  await untilAnswers({ part: name, log, process: process_ }, () => answers(endpoint), {
    signal: sandbox.signal,
    timeoutSeconds: startSeconds,
  });
  return { version: tool.version, origin: tool.origin, address: endpoint, process: process_, log };
}

async function stop(sandbox: Sandbox): Promise<void> {
  // It writes its state down as it ends, images included: that takes some seconds.
  await stopProcesses(await markedProcesses(sandbox.folder.id, name), 20);
  await removeContainers(sandbox);
}

/** Removes the tasks and functions that the sandbox's own emulator has started, and no others. */
export async function removeContainers(sandbox: Sandbox): Promise<void> {
  const { dockerHost, ports } = sandbox.store.current();
  if (dockerHost === "" || ports[name] === undefined) return;
  const label = `ministack.instance=${machineNames(sandbox.folder.id).emulatorHost}:${ports[name]}`;
  const api = dockerApi(dockerHost);
  const containers = await api.containers(label).catch(() => []);
  await Promise.all(containers.map((container) => api.remove(container).catch(() => {})));
  await api.close();
}
