import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import tls from "node:tls";
import { generate } from "selfsigned";
import { request } from "undici";
import { healthPath } from "../ecr/paths.ts";
import type { SandboxFolder } from "../folder.ts";
import { startDaemon, untilAnswers } from "../process/daemon.ts";
import { processEnvironment, toolchainVariables } from "../process/environment.ts";
import { isAlive } from "../process/identity.ts";
import { markedProcesses } from "../process/marked.ts";
import { stopProcesses } from "../process/stop.ts";
import type { PartRecord } from "../state.ts";
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

const name = "registry";
const program = join(import.meta.dirname, "../ecr/front.ts");

/** ECR: what the emulator has of it, and what it lacks; see `ecr/front.ts`. */
export const registry: Part = {
  name,
  title: "ECR: the emulator's API and registry, with scans and referrers, by HTTP and HTTPS on one port",
  needs: ["emulator"],
  tools: [],
  check,
  start,
  stop,
};

async function check(_sandbox: Sandbox, record: PartRecord): Promise<Health> {
  if (record.process === undefined || !(await isAlive(record.process)))
    return unhealthy("its process has ended");
  return (await answers(record.address)) ? healthy : unhealthy(`${record.address} does not answer`);
}

/** Whether it answers itself, and the registry behind it. */
async function answers(registry: string): Promise<boolean> {
  const statusOf = async (path: string) => {
    const signal = AbortSignal.timeout(answerMilliseconds);
    const { statusCode, body } = await request(`http://${registry}${path}`, { signal });
    await body.dump();
    return statusCode;
  };
  try {
    return (await statusOf(healthPath)) === 204 && (await statusOf("/v2/")) < 500;
  } catch {
    return false;
  }
}

async function start(sandbox: Sandbox): Promise<Started> {
  const { folder, store } = sandbox;
  await stop(sandbox);
  const { key, certificate } = await certificateFiles(folder);
  const port = await freePort(sandbox, name);
  const address = `localhost:${port}`;
  await store.update((state) => ({ ...state, registry: address }));
  const log = join(folder.logs, "registry.log");
  const backend = new URL(store.current().endpoint).port;
  const process_ = await startDaemon({
    sandbox: folder.id,
    part: name,
    command: process.execPath,
    arguments: [...withoutWarnings, program, String(port), backend, key, certificate, folder.ecr],
    // It gets the scanner when it is first needed, and looks for the user's own as the toolchain does.
    environment: processEnvironment(folder, process.env, toolchainVariables(process.env)),
    log,
  });
  await untilAnswers({ part: name, log, process: process_ }, () => answers(address), {
    signal: sandbox.signal,
    timeoutSeconds: startSeconds,
  });
  return { version: process.version, origin: "sandbox", address, process: process_, log };
}

/** Node calls its own SQLite experimental. */
const withoutWarnings = ["--disable-warning=ExperimentalWarning"];

async function stop(sandbox: Sandbox): Promise<void> {
  await stopProcesses(await markedProcesses(sandbox.folder.id, name), 2);
}

const validDays = 365;

/** Paths of the registry's key and certificate, and of a bundle of the machine's certificates with it. */
export function tlsFiles(folder: SandboxFolder) {
  return {
    key: join(folder.tls, "key.pem"),
    certificate: join(folder.tls, "certificate.pem"),
    bundle: join(folder.tls, "bundle.pem"),
  };
}

/** Makes key, certificate and bundle when there are none or they are about to expire. */
async function certificateFiles(folder: SandboxFolder) {
  const files = tlsFiles(folder);
  const made = (await stat(files.bundle).catch(() => undefined))?.mtimeMs ?? 0;
  if (Date.now() - made < (validDays - 30) * 24 * 60 * 60 * 1000) return files;
  await mkdir(folder.tls, { recursive: true });
  const now = new Date();
  const pair = await generate([{ name: "commonName", value: "localhost" }], {
    notBeforeDate: now,
    notAfterDate: new Date(now.getTime() + validDays * 24 * 60 * 60 * 1000),
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  await writeFile(files.key, pair.private, { mode: 0o600 });
  await writeFile(files.certificate, pair.cert);
  await writeFile(files.bundle, [...(await trusted()), pair.cert.trim()].join("\n").concat("\n"));
  return files;
}

/** The certificates that this machine trusts: SSL_CERT_FILE replaces them all, so it has to hold them. */
async function trusted(): Promise<string[]> {
  const own = process.env.SSL_CERT_FILE;
  const named = own === undefined ? "" : await readFile(own, "utf8").catch(() => "");
  const all = new Set([
    ...(named.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []),
    ...tls.getCACertificates("system").map((certificate) => certificate.trim()),
    ...tls.getCACertificates("extra").map((certificate) => certificate.trim()),
  ]);
  return all.size > 0 ? [...all] : [...tls.getCACertificates("bundled")];
}
